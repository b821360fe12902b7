//! `ampoule.v1.FunctionService`.

use crate::execution::{begin, refusal, to_proto, with_id};
use crate::{request_id, status};
use ampoule_api::v1::function_service_server::FunctionService;
use ampoule_api::v1::{
    self, DeleteFunctionRequest, DeleteFunctionResponse, GetFunctionRequest, GetFunctionResponse,
    ListFunctionsRequest, ListFunctionsResponse, PutFunctionRequest, PutFunctionResponse,
    UpdateFunctionAliasesRequest, UpdateFunctionAliasesResponse,
};
use ampoule_api::{
    InvalidMessage, alias_update_from_proto, function_reference_from_proto, function_summary_to_proto,
    function_to_proto, put_function_from_proto,
};
use ampoule_auth::Authenticator;
use ampoule_connection::{Accepted, Peer};
use ampoule_model::{FunctionReference, PutFunction};
use ampoule_service::{Call, Error, FunctionPage, ListFunctions, RequestRecord, Service};
use std::future::Future;
use std::time::Duration;
use tonic::{Request, Response, Status};

pub(crate) struct Functions {
    pub(crate) service: Service,
    /// Tells by which of its tenant's credentials somebody calls.
    pub(crate) access: Authenticator,
}

#[tonic::async_trait]
impl FunctionService for Functions {
    async fn put_function(
        &self,
        request: Request<PutFunctionRequest>,
    ) -> Result<Response<PutFunctionResponse>, Status> {
        let by = self.identity(&request).await;
        let (call, mut asked, message) = enter(request, "put")?;
        asked.concerns(&message.name);
        let answering = async {
            let put = put_function_from_proto(message).map_err(Unanswered::Message)?;
            let put = self.service.put_function(&call, PutFunction { by, ..put }).await?;
            Ok(PutFunctionResponse {
                function: put.function.map(function_to_proto),
                preparation: put.preparation.map(to_proto),
            })
        };
        asked.answer_of(answering, |answer| answer.function.as_ref().map(|put| put.version.clone())).await
    }

    async fn get_function(
        &self,
        request: Request<GetFunctionRequest>,
    ) -> Result<Response<GetFunctionResponse>, Status> {
        let (call, mut asked, message) = enter(request, "get")?;
        asked.refers(message.function.as_ref());
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
            let ListFunctionsRequest { page_size, page_token, labels } = message;
            let list = ListFunctions { size: page_size as usize, token: page_token, labels };
            Ok(page_to_proto(self.service.list_functions(&call, &list).await?))
        };
        asked.answer(answering).await
    }

    async fn update_function_aliases(
        &self,
        request: Request<UpdateFunctionAliasesRequest>,
    ) -> Result<Response<UpdateFunctionAliasesResponse>, Status> {
        let (call, mut asked, message) = enter(request, "alias")?;
        asked.concerns(&message.name);
        let answering = async {
            let update = alias_update_from_proto(message);
            let head = self.service.update_aliases(&call, &update).await?;
            Ok(UpdateFunctionAliasesResponse { aliases: head.aliases.clone() })
        };
        asked.answer(answering).await
    }

    async fn delete_function(
        &self,
        request: Request<DeleteFunctionRequest>,
    ) -> Result<Response<DeleteFunctionResponse>, Status> {
        let (call, mut asked, message) = enter(request, "delete")?;
        asked.refers(message.function.as_ref());
        let answering = async {
            let reference = function_reference_from_proto(message.function).map_err(Unanswered::Message)?;
            self.service.delete_function(&call, &reference).await?;
            Ok(DeleteFunctionResponse {})
        };
        asked.answer(answering).await
    }
}

impl Functions {
    async fn identity<T>(&self, request: &Request<T>) -> String {
        let accepted = request.extensions().get::<Accepted>();
        let peer = accepted.map_or_else(Peer::default, |accepted| accepted.peer);
        self.access.identity(request.metadata().as_ref(), peer).await
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
    line: RequestRecord,
    time_left: Option<Duration>,
    what: &'static str,
}

fn enter<T>(request: Request<T>, what: &'static str) -> Result<(Call, Asked, T), Status> {
    let (call, line, time_left) = begin(&request)?;
    Ok((call, Asked { line, time_left, what }, request.into_inner()))
}

impl Asked {
    /// The line tells which function it is about.
    fn concerns(&mut self, name: &str) {
        self.refers(Some(&v1::FunctionReference { name: name.to_owned(), ..Default::default() }));
    }

    /// The line tells which function it is about, and which of its versions.
    fn refers(&mut self, reference: Option<&v1::FunctionReference>) {
        if let Some(v1::FunctionReference { name, version, alias }) = reference.cloned() {
            self.line.set_function(&FunctionReference { name, version, alias });
        }
    }

    async fn answer<T>(
        self,
        answering: impl Future<Output = Result<T, Unanswered>>,
    ) -> Result<Response<T>, Status> {
        self.answer_of(answering, |_| None).await
    }

    /// The line tells which version became of it, too.
    async fn answer_of<T>(
        mut self,
        answering: impl Future<Output = Result<T, Unanswered>>,
        version: impl FnOnce(&T) -> Option<String>,
    ) -> Result<Response<T>, Status> {
        let id = self.line.id().to_owned();
        let line = &self.line;
        let answering = async {
            answering.await.map_err(|unanswered| match unanswered {
                Unanswered::Service(error) => {
                    line.set_error(&error);
                    refusal(&error, &id)
                }
                Unanswered::Message(error) => {
                    line.set_invalid_field(&error.field);
                    status::of_invalid_message(&error)
                }
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
                if let Some(version) = version(&answer) {
                    self.line.set_version(&version);
                }
                self.line.finish_managed(self.what);
                Ok(with_id(answer, &id))
            }
            Err(mut refused) => {
                self.line.finish_refused(status::name(refused.code()));
                request_id::put(refused.metadata_mut(), &id);
                Err(refused)
            }
        }
    }
}

fn page_to_proto(page: FunctionPage) -> ListFunctionsResponse {
    ListFunctionsResponse {
        functions: page.functions.into_iter().map(function_summary_to_proto).collect(),
        next_page_token: page.next.unwrap_or_default(),
    }
}
