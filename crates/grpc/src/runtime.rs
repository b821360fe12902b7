//! `ampoule.v1.RuntimeService`.

use ampoule_api::v1::runtime_service_server::RuntimeService;
use ampoule_api::v1::{ListImagesRequest, ListImagesResponse};
use ampoule_service::Service;
use tonic::{Request, Response, Status};

pub(crate) struct Runtimes {
    pub(crate) service: Service,
}

#[tonic::async_trait]
impl RuntimeService for Runtimes {
    async fn list_images(
        &self,
        _: Request<ListImagesRequest>,
    ) -> Result<Response<ListImagesResponse>, Status> {
        let images =
            self.service.images().iter().map(|image| ampoule_api::image_to_proto(image.manifest())).collect();
        Ok(Response::new(ListImagesResponse { images }))
    }
}
