//! Services whose guests are kept, and what is seen of it.

use super::load_images;
use ampoule_engine::{Engine, EngineConfig, Image};
use ampoule_model::Language;
use ampoule_service::{Service, ServiceConfig};

/// What an engine is told so that a program finds itself in the guest of the one before it, of the same
/// language, if that has answered: one guest is kept of each image, whatever it ran. Guests ask for fuel
/// early, as one that never did is not kept.
pub(crate) fn keeping() -> EngineConfig {
    EngineConfig {
        slots: 1,
        reused_guests: 1,
        reuse_from_fuel: 0,
        fuel_slice: 20_000,
        ..EngineConfig::default()
    }
}

/// A service and its images.
pub(crate) struct TestEnvironment {
    pub(crate) service: Service,
    pub(crate) images: Vec<Image>,
}

impl TestEnvironment {
    pub(crate) fn with(config: EngineConfig) -> TestEnvironment {
        let engine = Engine::new(config.clone()).expect("the engine starts");
        let images = load_images(&engine);
        let all = images.iter().cloned().collect();
        let service =
            Service::new(ServiceConfig { engine: config, ..ServiceConfig::default() }, engine, images);
        TestEnvironment { service, images: all }
    }

    /// Idle guests of a language.
    pub(crate) fn kept(&self, language: Language) -> usize {
        let image = self.images.iter().find(|image| image.language() == language);
        image.expect("both are loaded").reused_guests()
    }
}
