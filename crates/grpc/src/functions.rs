//! `ampoule.v1.FunctionService`.

use crate::execution::{call, line, refusal, to_proto, with_id};
use crate::{request_id, status};
use ampoule_api::v1::function_service_server::FunctionService;
use ampoule_api::v1::{
    DeleteFunctionRequest, DeleteFunctionResponse, FunctionSummary, GetFunctionRequest, GetFunctionResponse,
    ListFunctionsRequest, ListFunctionsResponse, PutFunctionRequest, PutFunctionResponse,
};
use ampoule_api::{
    InvalidMessage, function_reference_from_proto, function_to_proto, put_function_from_proto,
};
use ampoule_service::{Call, Error, FunctionPage, Head, RequestLine, Service};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};

pub(crate) struct Functions {
    pub(crate) service: Service,
}

#[tonic::async_trait]
impl FunctionService for Functions {
    async fn put_function(
        &self,
        request: Request<PutFunctionRequest>,
    ) -> Result<Response<PutFunctionResponse>, Status> {
        let (call, asked, message) = enter(request, "put")?;
        let answering = async {
            let put = put_function_from_proto(message).map_err(Unanswered::Message)?;
            let put = self.service.put_function(&call, put).await?;
            Ok(PutFunctionResponse {
                function: put.function.map(function_to_proto),
                preparation: put.preparation.map(to_proto),
            })
        };
        asked.answer(answering).await
    }

    async fn get_function(
        &self,
        request: Request<GetFunctionRequest>,
    ) -> Result<Response<GetFunctionResponse>, Status> {
        let (call, asked, message) = enter(request, "get")?;
        let answering = async {
            let reference = function_reference_from_proto(message.function).map_err(Unanswered::Message)?;
            let function = self.service.get_function(&call, &reference).await?;
            Ok(GetFunctionResponse { function: Some(function_to_proto(function)) })
        };
        asked.answer(answering).await
    }

    async fn list_functions(
        &self,
        request: Request<ListFunctionsRequest>,
    ) -> Result<Response<ListFunctionsResponse>, Status> {
        let (call, asked, message) = enter(request, "list")?;
        let answering = async {
            let size = message.page_size as usize;
            Ok(page_to_proto(self.service.list_functions(&call, size, &message.page_token).await?))
        };
        asked.answer(answering).await
    }

    async fn delete_function(
        &self,
        request: Request<DeleteFunctionRequest>,
    ) -> Result<Response<DeleteFunctionResponse>, Status> {
        let (call, asked, message) = enter(request, "delete")?;
        let answering = async {
            let reference = function_reference_from_proto(message.function).map_err(Unanswered::Message)?;
            self.service.delete_function(&call, &reference).await?;
            Ok(DeleteFunctionResponse {})
        };
        asked.answer(answering).await
    }
}

/// Why a message was not answered: by the service, or because it has no meaning.
enum Unanswered {
    Service(Error),
    Message(InvalidMessage),
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Unanswered::Service(error)
    }
}

/// A call that is to be answered: until when, and its line in the log.
struct Asked {
    line: RequestLine,
    time_left: Option<Duration>,
    what: &'static str,
}

fn enter<T>(request: Request<T>, what: &'static str) -> Result<(Call, Asked, T), Status> {
    let (call, time_left) = call(&request)?;
    let line = line(&request, &call);
    Ok((call, Asked { line, time_left, what }, request.into_inner()))
}

impl Asked {
    async fn answer<T>(
        self,
        answering: impl Future<Output = Result<T, Unanswered>>,
    ) -> Result<Response<T>, Status> {
        let id = self.line.id().to_owned();
        let answering = async {
            answering.await.map_err(|unanswered| match unanswered {
                Unanswered::Service(error) => refusal(&error, &id),
                Unanswered::Message(error) => status::of_invalid_message(&error),
            })
        };
        let answered = match self.time_left {
            None => answering.await,
            Some(time_left) => tokio::time::timeout(time_left, answering)
                .await
                .unwrap_or_else(|_| Err(status::deadline_exceeded())),
        };
        match answered {
            Ok(answer) => {
                self.line.managed(self.what);
                Ok(with_id(answer, &id))
            }
            Err(mut refused) => {
                self.line.refused(status::name(refused.code()));
                request_id::put(refused.metadata_mut(), &id);
                Err(refused)
            }
        }
    }
}

fn page_to_proto(page: FunctionPage) -> ListFunctionsResponse {
    let summary = |(name, head): (String, Arc<Head>)| FunctionSummary {
        name,
        versions: head.versions.iter().map(|version| version.version.clone()).collect(),
        aliases: head.aliases.clone(),
    };
    ListFunctionsResponse {
        functions: page.functions.into_iter().map(summary).collect(),
        next_page_token: page.next.unwrap_or_default(),
    }
}
