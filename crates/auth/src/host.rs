//! By which name a server without keys is called, and whether a web page calls.
//!
//! A page in a browser on this machine can have its own name point to a loopback address (DNS rebinding), so
//! that the browser takes the server for the page's own and lets it send and read whatever it likes. Two
//! headers tell, which pages cannot choose: `Host` has the page's name, and `Origin` says that there is a
//! page at all.

use ampoule_service::Service;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri, Version};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// What is shown of a header: names have 253 characters at most, but nobody needs to see all of a wrong one.
const SHOWN: usize = 80;

/// Which names a listener answers to.
#[derive(Clone)]
pub struct Hosts {
    rule: Rule,
    /// In lower case, without ports.
    allowed: Arc<[String]>,
    /// Who counts those that are sent away.
    counts: Option<Service>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Whoever calls has to have a key, which pages have not.
    Any,
    /// To `localhost`, loopback addresses, and those that are allowed.
    ThisMachine,
    /// To every name, but not to pages.
    NoPages,
    /// To all addresses, and to those names that are allowed.
    Allowed,
}

/// Why a request is not looked at any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// Of a page that has its name point here, most likely.
    #[error(
        "the header Host is '{0}': without tenants the server answers to localhost and loopback addresses only, as any web \
         page can have its own name point here: use 127.0.0.1 or localhost, or list the name in allowed_hosts"
    )]
    Host(String),
    /// HTTP/1.1 and HTTP/2 demand one, and every browser sends one.
    #[error("the request has no single header Host (in HTTP/2 ':authority'): send one, like localhost")]
    NoHost,
    /// Of a page.
    #[error(
        "the header Origin is '{0}', so a web page sends this: without tenants the server takes no requests from pages: list \
         tenants with keys, or the page's host in allowed_hosts"
    )]
    Origin(String),
}

impl Stranger {
    /// Its name in the log, and in the answer.
    pub const NAME: &'static str = "permission_denied";
}

impl Hosts {
    /// For a server that asks everybody for a key.
    pub fn any() -> Hosts {
        Hosts { rule: Rule::Any, allowed: Arc::new([]), counts: None }
    }

    /// For a listener that asks for no key, or for one that pages may know.
    pub(crate) fn without_keys(listens_on: IpAddr, allowed: &Arc<[String]>) -> Hosts {
        let rule = match (listens_on.to_canonical().is_loopback(), allowed.is_empty()) {
            (true, _) => Rule::ThisMachine,
            // Under which names other machines know this one, only the operator can say.
            (false, true) => Rule::NoPages,
            (false, false) => Rule::Allowed,
        };
        Hosts { rule, allowed: Arc::clone(allowed), counts: None }
    }

    /// For monitoring, which only reads numbers: of other machines, by their own names for this one.
    pub(crate) fn for_monitoring(listens_on: IpAddr, allowed: &Arc<[String]>) -> Hosts {
        let local = listens_on.to_canonical().is_loopback();
        let rule = if local { Rule::ThisMachine } else { Rule::NoPages };
        Hosts { rule, allowed: Arc::clone(allowed), counts: None }
    }

    /// The same, whose refusals are counted among a service's.
    pub(crate) fn counted_by(self, service: &Service) -> Hosts {
        Hosts { counts: Some(service.clone()), ..self }
    }

    /// Looks at a request's head.
    pub fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Stranger> {
        if self.rule == Rule::Any {
            return Ok(());
        }
        self.look_at(version, uri, headers).inspect_err(|_| {
            if let Some(service) = &self.counts {
                service.count_stranger();
            }
        })
    }

    fn look_at(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Stranger> {
        for origin in headers.get_all(ORIGIN) {
            // A page of an allowed host is the operator's own. That of a sandboxed one is 'null'.
            let host =
                origin.to_str().ok().and_then(|text| text.split_once("://")).and_then(|(_, at)| host(at));
            if !host.is_some_and(|host| self.allows(&host)) {
                return Err(Stranger::Origin(shown(origin.as_bytes())));
            }
        }
        if self.rule == Rule::NoPages {
            return Ok(());
        }
        // HTTP/2 has it in the address, as has HTTP/1.1 where a client takes us for a proxy: whatever there
        // is must be ours.
        let mut named = headers.get_all(HOST).iter().map(|value| value.as_bytes());
        let (first, second) = (named.next(), named.next());
        let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
        if second.is_some() {
            return Err(Stranger::NoHost);
        }
        for given in [first, authority].into_iter().flatten() {
            let name = std::str::from_utf8(given).ok().and_then(host);
            if !name.is_some_and(|name| self.answers_to(&name)) {
                return Err(Stranger::Host(shown(given)));
            }
        }
        match first.or(authority) {
            Some(_) => Ok(()),
            // Probes of balancers do without, and no browser speaks it.
            None if version == Version::HTTP_10 || version == Version::HTTP_09 => Ok(()),
            None => Err(Stranger::NoHost),
        }
    }

    fn answers_to(&self, host: &Name<'_>) -> bool {
        let ours = match host {
            // What a page's own host is an address, that address is this server: there is no other name that
            // could have been made to point here.
            Name::Address(address) => address.is_loopback() || self.rule == Rule::Allowed,
            Name::Text(name) => name == "localhost",
        };
        ours || self.allows(host)
    }

    fn allows(&self, host: &Name<'_>) -> bool {
        self.allowed.iter().any(|allowed| match (host, parsed(allowed)) {
            (Name::Address(address), Name::Address(other)) => *address == other,
            (Name::Text(name), Name::Text(other)) => *name == other,
            _ => false,
        })
    }
}

/// A host as it is compared.
#[derive(Debug, PartialEq, Eq)]
enum Name<'a> {
    Address(IpAddr),
    /// In lower case.
    Text(Cow<'a, str>),
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`; none: it is something else.
fn host(text: &str) -> Option<Name<'_>> {
    let is_port = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let good = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return good.then(|| Name::Address(IpAddr::V6(address).to_canonical()));
    }
    let name = match text.split_once(':') {
        Some((name, port)) => is_port(port).then_some(name)?,
        None => text,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!name.is_empty() && name.bytes().all(plain)).then(|| parsed(name))
}

fn parsed(name: &str) -> Name<'_> {
    let unbracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    match unbracketed.parse::<IpAddr>() {
        Ok(address) => Name::Address(address.to_canonical()),
        Err(_) if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Name::Text(name.to_ascii_lowercase().into())
        }
        Err(_) => Name::Text(name.into()),
    }
}

/// A name for [`crate::AuthConfig::allowed_hosts`], in lower case; an error says what it must be.
pub(crate) fn allowed(text: &str) -> Result<String, String> {
    let alone = text.parse::<IpAddr>().is_ok()
        || (host(text).is_some() && (!text.contains(':') || text.ends_with(']')));
    if alone {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!(
        "is '{}': write the name or address of a host alone, without scheme, port or path, like ampoule.example or 10.0.0.7",
        shown(text.as_bytes())
    ))
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("{}{more}", text.escape_debug())
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
