//! The configuration file: refused with a reason, or a configuration that can be shown and read again.
#![no_main]

use ampoule_config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(config) = toml::from_str::<Config>(text) else {
        return;
    };
    match config.checked() {
        Err(reason) => assert!(!reason.is_empty(), "a refusal says why"),
        Ok(config) => {
            let shown = toml::to_string(&config).expect("what was read can be shown");
            assert_eq!(toml::from_str::<Config>(&shown).expect("what is shown can be read"), config);
            let service = config.service().expect("it was checked");
            config.access().expect("it was checked");
            let opened = config.tenants_now().expect("it was checked");
            let checked = opened.checked();
            assert!(checked.tenants.len() >= config.tenants.len());
            // Beyond this machine only where it is asked who calls.
            assert!(config.is_open() != service.closed && (!config.is_open() || checked.tenants.is_empty()));
            assert!(config.listen.ip().is_loopback() || service.closed);
            assert!(config.http.is_none_or(|http| http.ip().is_loopback()) || service.closed);
            for (name, _) in &checked.access.keys {
                assert!(checked.tenants.iter().any(|tenant| tenant.name == *name), "a key has its tenant");
            }
            for tenant in &checked.tenants {
                assert!(tenant.defaults.memory_bytes <= tenant.caps.memory_bytes);
                assert!(
                    tenant.caps.memory_bytes
                        <= service.caps.memory_bytes.max(service.engine.max_memory_bytes)
                );
                assert!(tenant.defaults.wall_time <= tenant.caps.wall_time && tenant.weight > 0);
            }
        }
    }
});
