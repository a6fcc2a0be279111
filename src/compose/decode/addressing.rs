use indexmap::IndexMap;

use super::Decoder;
use super::cpu::boxed;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{Addressing, ExtraHost};
use crate::source::{Located, Span};
use crate::yaml::{Kind, Node};

/// The addresses of the names of `extra_hosts`.
type Hosts = IndexMap<String, Located<Vec<String>>>;

impl Decoder<'_> {
    /// `dns`, `links` and their like.
    pub(super) fn addressing(&mut self, t: &mut Table<'_>) -> Option<Box<Addressing>> {
        let mut list =
            |d: &mut Self,
             key: &'static str,
             read: fn(&mut Self, &str, &Node) -> Vec<Located<String>>| {
                t.value(key).map(|node| read(d, key, node)).unwrap_or_default()
            };
        let mut dns = list(self, "dns", Self::one_or_by_name);
        dns.retain(|server| !server.value.is_empty());
        let dns_opt = list(self, "dns_opt", Self::by_name);
        let dns_search = list(self, "dns_search", Self::one_or_by_name);
        let external_links = list(self, "external_links", Self::distinct);
        let links = list(self, "links", Self::by_name);
        boxed(Addressing {
            dns,
            dns_opt,
            dns_search,
            domainname: self.read(t, "domainname", Self::filled),
            extra_hosts: t
                .value("extra_hosts")
                .map(|node| self.extra_hosts(node))
                .unwrap_or_default(),
            external_links,
            links,
            mac_address: self.read(t, "mac_address", Self::filled),
        })
    }

    /// `extra_hosts`: `{name: address}` with one address or a list, or a list of `name=address` and
    /// `name:address`.
    pub(super) fn extra_hosts(&mut self, node: &Node) -> Vec<Located<ExtraHost>> {
        let mut hosts = Hosts::new();
        match &node.kind {
            Kind::Mapping(mapping) => {
                for entry in &mapping.entries {
                    if !self.text_key(&entry.key) {
                        continue;
                    }
                    self.extension_name("extra_hosts", &entry.key.text, entry.key.span);
                    let addresses = match entry.value.kind {
                        Kind::Sequence(_) => self.strings("extra_hosts", &entry.value),
                        Kind::Scalar(_) | Kind::Mapping(_) => {
                            self.string("extra_hosts", &entry.value).into_iter().collect()
                        }
                    };
                    let addresses = addresses.into_iter().map(|address| address.value).collect();
                    self.host(&mut hosts, &entry.key.text, addresses, entry.key.span, &entry.value);
                }
            }
            Kind::Sequence(_) => {
                for (item, text) in
                    node.as_sequence().into_iter().flatten().zip(self.distinct("extra_hosts", node))
                {
                    let Some((name, addresses)) =
                        text.value.split_once('=').or_else(|| text.value.split_once(':'))
                    else {
                        let help = "write `name=address`";
                        self.values_at(Stage::Whole, |d| {
                            d.invalid("extra_hosts", item, "has no address", help);
                        });
                        continue;
                    };
                    let addresses = addresses.split(',').map(str::to_owned).collect();
                    self.host(&mut hosts, name, addresses, text.span, item);
                }
            }
            Kind::Scalar(_) => self.wrong_type("extra_hosts", node, "a mapping"),
        }
        let hosts = hosts.into_iter();
        hosts
            .map(|(name, addresses)| addresses.map(|addresses| ExtraHost { name, addresses }))
            .collect()
    }

    fn host(
        &mut self,
        hosts: &mut Hosts,
        name: &str,
        addresses: Vec<String>,
        span: Span,
        node: &Node,
    ) {
        if name.is_empty() || name.contains([':', '=']) {
            let help = "a name stands before the first `=`, and has no `:`";
            self.values_at(Stage::Whole, |d| {
                d.invalid("extra_hosts", node, "has no valid name", help);
            });
            return;
        }
        let bare = |address: String| {
            let inner = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.filter(|inner| !inner.is_empty()).map(str::to_owned).unwrap_or(address)
        };
        let known = hosts.entry(name.to_owned()).or_insert_with(|| Located::new(Vec::new(), span));
        known.value.extend(addresses.into_iter().map(bare));
    }
}
