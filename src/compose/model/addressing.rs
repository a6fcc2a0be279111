use crate::source::Located;

/// How a container finds others by name, and is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressing {
    /// `dns`: servers
    pub dns: Vec<Located<String>>,
    /// `dns_opt`
    pub dns_opt: Vec<Located<String>>,
    /// `dns_search`
    pub dns_search: Vec<Located<String>>,
    /// `domainname`
    pub domainname: Option<Located<String>>,
    /// `extra_hosts` by name
    pub extra_hosts: Vec<Located<ExtraHost>>,
    /// `external_links`: `CONTAINER` or `CONTAINER:ALIAS`
    pub external_links: Vec<Located<String>>,
    /// `links`: `SERVICE` or `SERVICE:ALIAS`
    pub links: Vec<Located<String>>,
    /// `mac_address`
    pub mac_address: Option<Located<String>>,
}

/// One name of `extra_hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraHost {
    /// The name.
    pub name: String,
    /// Its addresses, or `host-gateway`; an IPv6 address is without brackets.
    pub addresses: Vec<String>,
}
