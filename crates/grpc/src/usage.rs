//! `ampoule.v1.UsageService`.

use crate::execution::{begin, with_id};
use ampoule_api::v1::usage_service_server::UsageService;
use ampoule_api::v1::{GetUsageRequest, GetUsageResponse};
use ampoule_service::Service;
use ampoule_tenants::usage_of_caller;
use tonic::{Request, Response, Status};

pub(crate) struct Usages {
    pub(crate) service: Service,
}

#[tonic::async_trait]
impl UsageService for Usages {
    async fn get_usage(
        &self,
        request: Request<GetUsageRequest>,
    ) -> Result<Response<GetUsageResponse>, Status> {
        let (call, line, _) = begin(&request)?;
        let id = line.id().to_owned();
        let usage = usage_of_caller(&self.service, &call.tenant);
        line.finish_managed("usage");
        Ok(with_id(usage, &id))
    }
}
