//! Clients of gRPC's health service: grpc-health-probe and grpcurl (their manuals).

use super::{Call, call};
use crate::compose::model::Service;
use crate::ecs::rules::http_check::address::{self, Place};
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::options::{Item, options};

/// The method that tells how a server of gRPC is (gRPC's health checking protocol).
const HEALTH: &str = "/grpc.health.v1.Health/Check";

fn grpc(service: &Service, address: &str, tls: bool) -> Option<Call> {
    let mut call = call(Codes::good(), false);
    let address = address.rsplit("://").next().unwrap_or(address);
    let (host, port) = address.rsplit_once(':')?;
    if address::is_own(service, host.trim_matches(['[', ']'])) {
        let place = address::place(port.parse().ok().filter(|port| *port > 0)?, tls, HEALTH)?;
        call.asks.push(Place { grpc: true, ..place });
    }
    Some(call)
}

pub(super) fn probe(service: &Service, args: &[Option<String>]) -> Option<Call> {
    let (mut address, mut tls, mut named) = (None, false, false);
    let values = ["addr", "service", "connect-timeout", "rpc-timeout", "user-agent", "tls-ca-cert"];
    for item in options(args, "", &values) {
        if let Item::Option(name, value) = item {
            match &*name {
                "addr" => address = value,
                "tls" => tls = true,
                "service" => named = value.is_some_and(|name| !name.is_empty()),
                _ => {}
            }
        }
    }
    let mut call = grpc(service, &address?, tls)?;
    // A load balancer asks for the server as a whole.
    if named {
        call.passes = Codes::answers();
    }
    Some(call)
}

pub(super) fn grpcurl(service: &Service, args: &[Option<String>]) -> Option<Call> {
    let (mut words, mut tls) = (Vec::new(), true);
    for item in
        options(args, "", &["connect-timeout", "d", "H", "import-path", "max-time", "proto"])
    {
        match item {
            Item::Operand(text) => words.push(text?),
            Item::Option(name, _) => tls &= name != "plaintext",
        }
    }
    match words.as_slice() {
        [address, method] if method.trim_start_matches('/') == &HEALTH[1..] => {
            grpc(service, address, tls)
        }
        _ => None,
    }
}
