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
    assert_eq!(
        Config::default().service().unwrap().engine.reused_guests,
        EngineConfig::default().reused_guests
    );
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("slot = 3", "unknown field `slot`"),
        ("[limits]\nwal_time = \"3s\"", "unknown field `wal_time`"),
        ("[limits]\nwall_time = \"3\"", "'3' is no time span"),
        ("queue_timeout = \"600years\"", "is more than a year"),
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
    let (service, opened) = (config.service().unwrap(), config.tenants_now().unwrap());
    let tenants = &opened.checked().tenants;
    let acme = &tenants[0];
    assert_eq!((acme.weight, acme.slots, acme.queue, acme.quota.fuel_per_day), (3, 4, 5, Some(7)));
    assert_eq!(acme.defaults.fuel, 8);
    let two_seconds = std::time::Duration::from_secs(2);
    assert_eq!((acme.caps.wall_time, acme.defaults.wall_time), (two_seconds, two_seconds));
    assert_eq!(tenants[1], service.tenant("other"));
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
        (one("keys = [{ hash = \"amp_x\" }]"), "tenant 'a': keys[0] is no key hash"),
        ("[[tenants]]".into(), "tenant '': its name is no name"),
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

#[test]
fn tenants_may_be_elsewhere_and_then_it_is_asked_who_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fleet.toml");
    std::fs::write(&file, "[[tenants]]\nname = \"b\"\nweight = 2\n").unwrap();
    let text = |from: &std::path::Path| {
        format!("listen = \"0.0.0.0:50051\"\ntenants_from = {from:?}\n[[tenants]]\nname = \"a\"\n")
    };
    for from in [file.as_path(), folder.path()] {
        let config = Config::parse(&text(from)).unwrap().checked().unwrap();
        let tenants = config.tenants_now().unwrap().checked().tenants.clone();
        let names: Vec<_> = tenants.iter().map(|tenant| (tenant.name.as_str(), tenant.weight)).collect();
        assert_eq!(names, [("a", 1), ("b", 2)]);
        assert!(config.service().unwrap().closed && !config.is_open());
    }
    let mistake = |text: String| Config::parse(&text).unwrap().checked().unwrap_err();
    std::fs::write(&file, "[[tenants]]\nname = \"a\"\n").unwrap();
    let twice = mistake(text(&file));
    assert_eq!(
        twice,
        format!("{}: tenant 'a': is there twice, also in the configuration file", file.display())
    );
    std::fs::write(&file, "[[tenants]]\nname = \"b\"\nwieght = 1\n").unwrap();
    let unknown = mistake(text(folder.path()));
    assert!(
        unknown.starts_with(&format!("{}: ", file.display())) && unknown.contains("unknown field `wieght`"),
        "{unknown}"
    );
    std::fs::remove_file(&file).unwrap();
    assert!(mistake(text(&file)).starts_with("cannot read "));
    assert!(mistake(text(folder.path())).ends_with(": no file *.toml in it"));
}

#[test]
fn keys_may_have_ends_and_words() {
    let text = format!(
        "[[tenants]]\nname = \"a\"\nkeys = [\"{HASH}\", {{ hash = \"sha256:{}\", description = \"ci\", expires = \"2030-01-31T12:00:00Z\" }}]",
        "ab".repeat(32)
    );
    let config = Config::parse(&text).unwrap();
    let opened = config.tenants_now().unwrap();
    let access = &opened.checked().access;
    assert_eq!((access.keys.len(), access.expiries.len()), (2, 1));
    assert_eq!(Config::parse(&toml::to_string(&config).unwrap()).unwrap(), config);
    let wrong = Config::parse(&text.replace("2030-01-31T12:00:00Z", "soon")).unwrap_err();
    assert!(wrong.contains("'soon' is no time: write it like \"2025-01-31T12:00:00Z\""), "{wrong}");
    assert!(
        Config::parse(&text.replace("description", "note")).unwrap_err().contains("unknown field `note`")
    );
}

#[test]
fn tokens_may_be_for_tenants_that_are_not_listed() {
    let jwt = "[jwt]\njwks = \"keys.json\"\nissuer = \"i\"\naudience = \"a\"\n";
    let error = Config::parse(jwt).unwrap().checked().unwrap_err();
    assert!(error.starts_with("jwt is there, but no tenants that its tokens could be for"), "{error}");
    let text = format!("{jwt}most_tenants = 7\n[jwt.default_tenant]\nslots = 3\nlimits.wall_time = \"1s\"\n");
    let config = Config::parse(&text).unwrap();
    let opened = config.tenants_now().unwrap();
    let unlisted = opened.checked().unlisted.as_ref().unwrap();
    assert_eq!((unlisted.most, unlisted.granted.slots), (7, 3));
    assert_eq!(unlisted.granted.defaults.wall_time, Duration::from_secs(1));
    assert!(!config.is_open());
    for (more, expected) in [
        ("weight = 0", "jwt.default_tenant: weight is 0"),
        ("name = \"a\"", "jwt.default_tenant.name is set"),
        ("keys = []\ncertificates = [\"x\"]", "jwt.default_tenant.certificates is set"),
    ] {
        let error = Config::parse(&format!("{text}{more}")).unwrap().checked().unwrap_err();
        assert!(error.starts_with(expected), "{more}: {error}");
    }
    let hasty = text.replace("most_tenants = 7", "forget_after = \"10s\"");
    let error = Config::parse(&hasty).unwrap().checked().unwrap_err();
    assert_eq!(error, "jwt.forget_after is 10s, a minute is the least");
}

#[test]
fn the_admin_api_needs_keys_and_is_no_door_for_everybody() {
    let listening = "[admin]\nlisten = \"127.0.0.1:1\"\nfolder = \"/nowhere\"\n";
    let error = Config::parse(listening).unwrap().checked().unwrap_err();
    assert!(error.starts_with("admin.listen or admin.http is set, but nobody could call"), "{error}");
    let config = Config::parse(&format!("{listening}keys = [\"{HASH}\"]")).unwrap().checked().unwrap();
    assert!(!config.is_open());
    let error = Config::parse(&format!("{listening}keys = [\"amp_x\"]")).unwrap().checked().unwrap_err();
    assert!(error.starts_with("admin.keys[0] is no key hash"), "{error}");
}

#[test]
fn the_old_name_of_the_queue_timeout_is_still_taken() {
    let config = Config::parse("patience = \"5s\"").unwrap().checked().unwrap();
    assert_eq!(config.service().unwrap().queue_timeout, std::time::Duration::from_secs(5));
    let both = Config::parse("patience = \"5s\"\nqueue_timeout = \"6s\"").unwrap().checked().unwrap_err();
    assert!(both.starts_with("patience is the old name of queue_timeout, and both are there"), "{both}");
}
