//! `ampoule tenant`: administers the tenants of a server, by its admin API.

use super::remote::{AdminArguments, Remote};
use super::{CommandError, CommandResult, Exit, write_stdout};
use crate::runtime;
use crate::units::Span;
use ampoule_api::admin::v1::tenant_service_client::TenantServiceClient;
use ampoule_api::admin::v1::{
    CreateKeyRequest, CreateTenantRequest, DeleteTenantRequest, GetTenantRequest, GetTenantUsageRequest,
    ListTenantsRequest, NewKey, RevokeKeyRequest, RotateKeyRequest, Tenant, TenantOrigin, TenantSettings,
    UpdateTenantRequest,
};
use ampoule_api::duration_to_proto;
use clap::{Args, Subcommand};
use serde::Serialize;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// Administer a server's tenants and their keys
#[derive(Debug, Args)]
pub(crate) struct TenantArguments {
    #[command(subcommand)]
    command: TenantCommand,
    #[command(flatten)]
    server: AdminArguments,
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// List tenants
    List,
    /// Show a tenant as JSON
    Get { name: String },
    /// Make a tenant, and print its key, which is shown this once
    Create {
        name: String,
        /// What it is granted: TenantSettings as JSON, like {"weight":2,"quotas":{"cpuPerDay":"7200s"}}
        #[arg(long, value_name = "JSON", value_parser = settings)]
        settings: Option<TenantSettings>,
        /// Make no key
        #[arg(long)]
        without_key: bool,
    },
    /// Replace all settings of a tenant
    Update {
        name: String,
        /// What it is granted: TenantSettings as JSON; what is left out is as the server has it
        #[arg(long, value_name = "JSON", value_parser = settings)]
        settings: TenantSettings,
    },
    /// Refuse a tenant's calls and end what runs of it, until it is enabled
    Disable { name: String },
    /// Take a tenant's calls again
    Enable { name: String },
    /// Delete a tenant with its keys and functions, and end what runs of it
    Delete { name: String },
    /// Show what a tenant uses, as JSON
    Usage { name: String },
    /// Make, follow and revoke keys
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make one more key, and print it, which happens this once
    Create {
        tenant: String,
        /// For people
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// How long it is good [default: for ever]
        #[arg(long, value_name = "SPAN")]
        valid_for: Option<Span>,
    },
    /// Make a key that follows another one, and print it
    Rotate {
        tenant: String,
        /// The id of the key that ends
        id: String,
        /// How long the old key is still good [default: 1h]
        #[arg(long, value_name = "SPAN")]
        overlap: Option<Span>,
    },
    /// Revoke a key: calls with it are refused from now on
    Revoke {
        tenant: String,
        /// The key's id
        id: String,
    },
}

/// Runs the command.
pub(crate) fn tenant(arguments: TenantArguments) -> CommandResult {
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    tokio.block_on(async {
        let remote = arguments.server.connect().await?;
        let client = TenantServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
        Console { remote, client }.run(arguments.command).await?;
        Ok(Exit::Success)
    })
}

struct Console {
    remote: Remote,
    client: TenantServiceClient<Channel>,
}

impl Console {
    async fn run(mut self, command: TenantCommand) -> CommandResult<()> {
        match command {
            TenantCommand::List => self.list().await,
            TenantCommand::Get { name } => show(&self.get(name).await?),
            TenantCommand::Create { name, settings, without_key } => {
                let asked = CreateTenantRequest { name, settings, without_key, ..Default::default() };
                let answer = self.client.create_tenant(self.remote.ask(asked)).await;
                self.answered(answer)?.key.as_ref().map_or(Ok(()), print_key)
            }
            TenantCommand::Update { name, settings } => {
                self.update(UpdateTenantRequest { name, settings: Some(settings), revision: String::new() })
                    .await
            }
            TenantCommand::Disable { name } => self.set_disabled(name, true).await,
            TenantCommand::Enable { name } => self.set_disabled(name, false).await,
            TenantCommand::Delete { name } => {
                let answer = self.client.delete_tenant(self.remote.ask(DeleteTenantRequest { name })).await;
                self.answered(answer).map(drop)
            }
            TenantCommand::Usage { name } => {
                let asked = self.remote.ask(GetTenantUsageRequest { name });
                let answer = self.client.get_tenant_usage(asked).await;
                show(&self.answered(answer)?.usage.unwrap_or_default())
            }
            TenantCommand::Key(command) => self.key(command).await,
        }
    }

    async fn key(&mut self, command: KeyCommand) -> CommandResult<()> {
        let proto = |span: Span| duration_to_proto(span.0);
        match command {
            KeyCommand::Create { tenant, description, valid_for } => {
                let asked = CreateKeyRequest { tenant, description, valid_for: valid_for.map(proto) };
                let answer = self.client.create_key(self.remote.ask(asked)).await;
                print_key(&self.answered(answer)?.key.unwrap_or_default())
            }
            KeyCommand::Rotate { tenant, id, overlap } => {
                let asked = RotateKeyRequest { tenant, id, overlap: overlap.map(proto) };
                let answer = self.client.rotate_key(self.remote.ask(asked)).await;
                print_key(&self.answered(answer)?.key.unwrap_or_default())
            }
            KeyCommand::Revoke { tenant, id } => {
                let asked = self.remote.ask(RevokeKeyRequest { tenant, id });
                let answer = self.client.revoke_key(asked).await;
                self.answered(answer).map(drop)
            }
        }
    }

    async fn list(&mut self) -> CommandResult<()> {
        let mut page_token = String::new();
        loop {
            let asked = self.remote.ask(ListTenantsRequest { page_size: 0, page_token });
            let answer = self.client.list_tenants(asked).await;
            let page = self.answered(answer)?;
            for tenant in &page.tenants {
                write_stdout(line(tenant).as_bytes())?;
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(());
            }
        }
    }

    async fn get(&mut self, name: String) -> CommandResult<Tenant> {
        let answer = self.client.get_tenant(self.remote.ask(GetTenantRequest { name })).await;
        Ok(self.answered(answer)?.tenant.unwrap_or_default())
    }

    /// All other settings stay, or nothing is changed.
    async fn set_disabled(&mut self, name: String, disabled: bool) -> CommandResult<()> {
        let Tenant { name, settings, revision, .. } = self.get(name).await?;
        let settings = Some(TenantSettings { disabled, ..settings.unwrap_or_default() });
        self.update(UpdateTenantRequest { name, settings, revision }).await
    }

    async fn update(&mut self, asked: UpdateTenantRequest) -> CommandResult<()> {
        let answer = self.client.update_tenant(self.remote.ask(asked)).await;
        self.answered(answer).map(drop)
    }

    fn answered<T>(&self, answer: Result<Response<T>, Status>) -> CommandResult<T> {
        answer.map(Response::into_inner).map_err(|status| self.remote.refused(&status))
    }
}

/// Name, state, origin, and the ids of its keys.
fn line(tenant: &Tenant) -> String {
    let disabled = tenant.settings.as_ref().is_some_and(|settings| settings.disabled);
    let state = if disabled { "disabled" } else { "enabled" };
    let origin = if tenant.origin() == TenantOrigin::File { "file" } else { "api" };
    let keys: Vec<&str> = tenant.keys.iter().map(|key| key.id.as_str()).collect();
    let text = format!("{}  {state}  {origin}  {}", tenant.name, keys.join(" "));
    format!("{}\n", text.trim_end())
}

fn print_key(made: &NewKey) -> CommandResult<()> {
    let id = made.key.as_ref().map_or("", |key| key.id.as_str());
    write_stdout(format!("key  {}\nid   {id}\n", made.api_key).as_bytes())
}

fn show(message: &impl Serialize) -> CommandResult<()> {
    let text = serde_json::to_string_pretty(message).map_err(CommandError::infrastructure)?;
    write_stdout(format!("{text}\n").as_bytes())
}

fn settings(text: &str) -> Result<TenantSettings, String> {
    serde_json::from_str(text).map_err(|error| format!("no TenantSettings as JSON: {error}"))
}
