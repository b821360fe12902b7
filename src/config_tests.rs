//! What is read, and what is refused, of a configuration.

use super::*;

#[test]
fn an_empty_file_is_the_default_and_the_default_is_consistent() {
    assert_eq!(Config::parse("").unwrap(), Config::default());
    Config::default().service().unwrap();
}

#[test]
fn what_is_shown_can_be_read_again() {
    let shown = toml::to_string(&Config::default()).unwrap();
    assert_eq!(Config::parse(&shown).unwrap(), Config::default());
}

#[test]
fn guests_that_are_kept_fit_into_their_share_of_memory() {
    let kept = |memory: &str| {
        let service = Config::parse(&format!("memory = \"{memory}\"")).unwrap().service().unwrap();
        (service.engine.kept_bytes(), service.memory_bytes)
    };
    for memory in ["1GiB", "2GiB", "512GiB"] {
        let (kept, all) = kept(memory);
        assert!(kept <= all / MOST_FOR_IDLE_GUESTS, "{kept} of {all}");
    }
    assert_eq!(Config::default().service().unwrap().engine.kept_guests, EngineConfig::default().kept_guests);
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("slot = 3", "unknown field `slot`"),
        ("[limits]\nwal_time = \"3s\"", "unknown field `wal_time`"),
        ("[limits]\nwall_time = \"3\"", "'3' is no time span"),
        ("patience = \"600years\"", "is more than a year"),
        ("[caps]\nmemory_bytes = \"much\"", "'much' is no number of bytes"),
        ("listen = \"localhost\"", "invalid socket address"),
        ("[log]\nformat = \"xml\"", "unknown variant `xml`"),
    ];
    for (text, expected) in cases {
        let error = Config::parse(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    for name in ["listen", "http"] {
        let open = Config::parse(&format!("{name} = \"0.0.0.0:8080\"")).unwrap().checked().unwrap_err();
        assert!(open.starts_with(&format!("{name} is 0.0.0.0:8080, which others than this")), "{open}");
    }
    for (text, expected) in [
        ("allowed_hosts = [\"a\", \"http://b\"]", "allowed_hosts[1] is 'http://b': write the name"),
        ("connections.all = 0", "connections.all is 0"),
        ("connections.all = 2\nconnections.per_peer = 3", "connections.per_peer is 3, it must be from 1 to"),
    ] {
        let error = Config::parse(text).unwrap().checked().unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let above = Config::parse("[limits]\nwall_time = \"90s\"").unwrap().service().unwrap_err();
    assert_eq!(above, "the default of wall_time is 90 s, above its cap of 60 s");
}

const HASH: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn tenants_may_be_served_beyond_this_machine_and_get_what_their_file_says() {
    let text = format!(
        "listen = \"0.0.0.0:50051\"\n[[tenants]]\nname = \"acme\"\nkeys = [\"{HASH}\"]\nweight = 3\nslots = 4\n\
         queue = 5\nfuel_per_day = 7\nlimits.fuel = 8\ncaps.wall_time = \"2s\"\n[[tenants]]\nname = \"other\"\n"
    );
    let config = Config::parse(&text).unwrap().checked().unwrap();
    let service = config.service().unwrap();
    let acme = &service.tenants[0];
    assert_eq!((acme.weight, acme.slots, acme.queue, acme.quota.fuel_per_day), (3, 4, 5, Some(7)));
    assert_eq!(acme.defaults.fuel, 8);
    let two_seconds = std::time::Duration::from_secs(2);
    assert_eq!((acme.caps.wall_time, acme.defaults.wall_time), (two_seconds, two_seconds));
    assert_eq!(service.tenants[1], service.tenant("other"));
    assert_eq!(Config::parse(&toml::to_string(&config).unwrap()).unwrap(), config);
}

#[test]
fn mistakes_in_tenants_are_named() {
    let one = |rest: &str| format!("[[tenants]]\nname = \"a\"\n{rest}");
    let cases = [
        (one("keys = [\"amp_x\"]"), "tenant 'a': keys[0] is no key hash"),
        (one("certificates = [\"cn\"]"), "tenant 'a': certificates[0] is no fingerprint of a certificate"),
        (
            one(&format!("certificates = [\"{HASH}\"]")),
            "tenant 'a': certificates[0] is never looked at: set tls",
        ),
        (one("weight = 0"), "tenant 'a': weight is 0, it must be from 1 to 1000"),
        (one("slots = 0"), "tenant 'a': slots is 0"),
        (
            one("limits.wall_time = \"90s\""),
            "tenant 'a': the default of wall_time is 90 s, above its cap of 60 s",
        ),
        (
            one("caps.memory_bytes = \"2GiB\""),
            "tenant 'a': the cap of memory_bytes is 2147483648, above the server's",
        ),
        (one(&one("")), "tenant 'a': is there twice"),
        ("[[tenants]]\nname = \"a b\"".into(), "tenant 'a b': its name is no name"),
        (
            format!(
                "{}\n[[tenants]]\nname = \"b\"\nkeys = [\"{HASH}\"]",
                one(&format!("keys = [\"{HASH}\"]"))
            ),
            "tenant 'b': keys[0] is a key of 'a' too",
        ),
    ];
    for (text, expected) in cases {
        let error = Config::parse(&text).unwrap().checked().unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    assert!(Config::parse(&one("wieght = 2")).unwrap_err().contains("unknown field `wieght`"));
}
