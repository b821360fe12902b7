//! The server that is soaked, its three tenants, and what calls them.

use super::mix::Who;
use crate::dify::{self, Http};
use crate::server::{Server, free_address};
use ampoule_auth::ApiKey;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request as HttpRequest, StatusCode};
use std::path::Path;
use tonic::Request;

/// All of it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) http: String,
    keys: [ApiKey; 3],
    client: Http,
}

impl World {
    pub(crate) async fn start(binary: &Path, folder: &Path) -> anyhow::Result<World> {
        let keys = [ApiKey::generate()?, ApiKey::generate()?, ApiKey::generate()?];
        let http = free_address()?;
        let config = format!(
            "http = \"{http}\"\nqueue_timeout = \"60s\"\nlimits.wall_time = \"60s\"\n\
             [[tenants]]\nname = \"steady\"\nkeys = [\"{}\"]\nweight = 4\n\
             [[tenants]]\nname = \"modest\"\nkeys = [\"{}\"]\nslots = 6\ncaps.memory_bytes = \"64MiB\"\n\
             [[tenants]]\nname = \"hostile\"\nkeys = [\"{}\"]\nslots = 24\nqueue = 24\nweight = 2\n\
             limits = {{ wall_time = \"60s\", memory_bytes = \"48MiB\", fuel = 600000000, output_bytes = \"64KiB\", \
             result_bytes = \"1MiB\", file_bytes = \"1MiB\" }}\n",
            keys[0].hash(),
            keys[1].hash(),
            keys[2].hash()
        );
        let path = folder.join("soak.toml");
        std::fs::write(&path, config)?;
        let server = Server::start(binary, &["--config", &path.to_string_lossy()]).await?;
        Ok(World { server, http, keys, client: dify::client() })
    }

    pub(crate) fn key(&self, who: Who) -> &str {
        self.keys[who as usize].reveal()
    }

    /// A call of this tenant over gRPC.
    pub(crate) fn by<T>(&self, who: Who, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let key = self.key(who).parse().expect("keys are plain text");
        request.metadata_mut().insert("x-api-key", key);
        request
    }

    /// One over HTTP: status and body.
    pub(crate) async fn post(
        &self,
        address: &str,
        path: &str,
        who: Who,
        body: String,
    ) -> Result<(StatusCode, Bytes), String> {
        let request = HttpRequest::post(format!("http://{address}{path}"))
            .header("content-type", "application/json")
            .header("x-api-key", self.key(who))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| format!("{error:?}"))?;
        Ok((status, body.to_bytes()))
    }
}
