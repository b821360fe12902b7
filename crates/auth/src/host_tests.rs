//! Names that are answered to, and those that are not.

use super::*;
use http::HeaderValue;

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const OUTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

fn allowed_hosts(names: &[&str]) -> Arc<[String]> {
    names.iter().map(|name| allowed(name).unwrap()).collect()
}

fn check(hosts: &Hosts, headers: &[(&'static str, &str)]) -> Result<(), Stranger> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    hosts.check(Version::HTTP_11, &"/v1/execute".parse().unwrap(), &map)
}

#[test]
fn without_keys_this_machine_is_called_by_its_own_names() {
    let hosts = Hosts::without_keys(LOCAL, &allowed_hosts(&["Ampoule.Example", "10.0.0.7", "2001:db8::1"]));
    for name in [
        "localhost",
        "LocalHost:50051",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.8.9.10",
        "[::1]",
        "[::1]:80",
        "[0:0:0:0:0:0:0:1]:1",
        "[::ffff:127.0.0.1]",
        "ampoule.example:443",
        "AMPOULE.example",
        "10.0.0.7:1",
        "[2001:db8::1]:65535",
    ] {
        assert_eq!(check(&hosts, &[("host", name)]), Ok(()), "{name}");
    }
    for name in [
        "evil.example",
        "evil.example:50051",
        "localhost.evil.example",
        "localhost.",
        "127.0.0.1.evil.example",
        "evil@localhost",
        "localhost@evil.example",
        "localhost/evil.example",
        "localhost, evil.example",
        "localhost:80:80",
        "localhost:",
        "localhost:+80",
        "localhost:99999",
        " localhost",
        "",
        "10.0.0.8",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "::1",
        "[::1",
        "[::2]",
        "[localhost]",
        "löcalhost",
    ] {
        assert!(matches!(check(&hosts, &[("host", name)]), Err(Stranger::Host(_))), "{name}");
    }
}

#[test]
fn every_place_that_can_name_a_host_is_looked_at() {
    let hosts = Hosts::without_keys(LOCAL, &allowed_hosts(&[]));
    let twice = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(check(&hosts, &twice), Err(Stranger::NoHost));
    assert_eq!(check(&hosts, &[]), Err(Stranger::NoHost));
    let uri = |text: &str| text.parse::<Uri>().unwrap();
    let (none, mut good, mut evil) = (HeaderMap::new(), HeaderMap::new(), HeaderMap::new());
    good.insert(HOST, HeaderValue::from_static("localhost"));
    evil.insert(HOST, HeaderValue::from_static("evil.example"));
    let of = |version, text, headers: &HeaderMap| hosts.check(version, &uri(text), headers).is_ok();
    assert!(of(Version::HTTP_2, "http://localhost:1/x", &none));
    assert!(!of(Version::HTTP_2, "http://evil.example/x", &none));
    assert!(!of(Version::HTTP_2, "http://evil.example/x", &good));
    assert!(!of(Version::HTTP_2, "http://localhost/x", &evil));
    assert!(!of(Version::HTTP_2, "/x", &none), "no authority");
    assert!(!of(Version::HTTP_11, "http://evil.example/x", &good), "as to a proxy");
    assert!(of(Version::HTTP_10, "/x", &none), "as probes do");
    assert!(!of(Version::HTTP_10, "/x", &evil));
}

#[test]
fn pages_are_told_by_their_origin() {
    let local = Hosts::without_keys(LOCAL, &allowed_hosts(&["console.example"]));
    let of = |hosts: &Hosts, origin: &str| check(hosts, &[("host", "localhost"), ("origin", origin)]);
    for origin in ["http://evil.example", "null", "http://localhost:3000", "", "evil", "console.example"] {
        assert_eq!(of(&local, origin), Err(Stranger::Origin(origin.into())), "{origin}");
    }
    assert_eq!(of(&local, "https://console.example:8443"), Ok(()));
    let elsewhere = Hosts::for_monitoring(OUTER, &allowed_hosts(&[]));
    assert_eq!(check(&elsewhere, &[("host", "ampoule.monitoring.svc:9464")]), Ok(()));
    assert_eq!(check(&elsewhere, &[]), Ok(()));
    assert!(of(&elsewhere, "http://evil.example").is_err());
    assert_eq!(of(&Hosts::any(), "http://evil.example"), Ok(()));
}

#[test]
fn other_machines_use_names_that_only_the_operator_knows() {
    let any_name = Hosts::without_keys(OUTER, &allowed_hosts(&[]));
    assert_eq!(check(&any_name, &[("host", "sandbox:8194")]), Ok(()));
    let listed = Hosts::without_keys(OUTER, &allowed_hosts(&["sandbox"]));
    for name in ["sandbox:8194", "localhost", "10.1.2.3:8194", "[2001:db8::9]"] {
        assert_eq!(check(&listed, &[("host", name)]), Ok(()), "{name}");
    }
    assert!(check(&listed, &[("host", "evil.example")]).is_err());
}

#[test]
fn messages_are_short_and_plain_and_say_what_to_do() {
    let hosts = Hosts::without_keys(LOCAL, &allowed_hosts(&[]));
    let name = format!("\u{1b}[31m{}", "x".repeat(500));
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_bytes(&[&[0xff, b'\t'], &name.as_bytes()[1..]].concat()).unwrap());
    let text = hosts.check(Version::HTTP_11, &"/".parse().unwrap(), &headers).unwrap_err().to_string();
    assert!(text.len() < 400 && text.contains("allowed_hosts") && text.contains("\\t[31mxxx"), "{text}");
    assert!(!text.chars().any(char::is_control), "{text}");
}

#[test]
fn allowed_hosts_are_hosts_alone() {
    for good in ["sandbox", "a.b-c.example", "10.0.0.1", "::1", "[2001:db8::1]", "UPPER"] {
        allowed(good).unwrap();
    }
    for bad in ["", "http://x", "x:80", "x/", "*", "*.example", "[::1]:80", "a b", "[x]"] {
        assert!(allowed(bad).unwrap_err().contains("without scheme, port or path"), "{bad}");
    }
}
