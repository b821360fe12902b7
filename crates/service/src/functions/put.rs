//! Keeping a program as a version of a function.

use super::definition::Definition;
use super::load::Preparing;
use super::schema::{self, Signature};
use super::{Functions, Loaded, check_name, check_reference, contract};
use crate::admission;
use crate::error::{Error, quoted};
use crate::service::{Call, Execution, Service};
use ampoule_engine::Prepared;
use ampoule_store::{Definition as Kept, Head};
use ampoule_world::{Entry, Function, FunctionImport, FunctionReference, Module, PutFunction, Request};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Aliases of one put, and functions that one imports.
const MOST_ALIASES: usize = 16;
const MOST_IMPORTS: usize = 64;

/// What became of a put.
#[derive(Clone, Debug)]
pub struct Put {
    /// The version that is kept; none if the top level did not complete.
    pub function: Option<Function>,
    /// How the top level ended; none if this version was kept already.
    pub preparation: Option<Execution>,
}

impl Service {
    /// Keeps a program as a version of a function of the caller's tenant. It is on the store's disk when this returns.
    pub async fn put_function(&self, call: &Call, put: PutFunction) -> Result<Put, Error> {
        let putting = AssertUnwindSafe(self.put(call, put));
        putting.catch_unwind().await.unwrap_or(Err(Error::Panicked))
    }

    async fn put(&self, call: &Call, put: PutFunction) -> Result<Put, Error> {
        let functions = self.functions()?;
        let (tenant, name) = (call.tenant.name(), put.name.as_str());
        check(&put)?;
        let aliases = &put.aliases;
        let mut program = put.program;
        admission::program_is_sound(self.sizes(), &mut program)?;
        let (imports, modules) = functions.follow(tenant, &put.imports).await?;
        for (index, module) in modules {
            add(&mut program.modules, module, index)?;
        }
        // Again, as imports bring modules of their own.
        admission::program_is_sound(self.sizes(), &mut program)?;
        let request = Request { image: put.image.clone(), ..Request::of(program.clone()) };
        let image = admission::image(self.images(), &request)?;
        let definition = Definition::new(program, put.image, put.contract, &put.limits, &imports);
        let content = definition.to_json();
        let version = Kept::new(content.clone(), None).version().to_owned();
        let is_kept =
            functions.store.head(tenant, name).await.is_ok_and(|head| head.version(&version).is_some());
        if is_kept {
            let (_, signature) = functions.definition(tenant, name, &version).await?;
            let kept = Kept::new(content, signature.clone());
            let head = functions.store.put(tenant, name, &kept, aliases, &functions.config.room).await?;
            let function = describe(name, &version, &head, &definition, signature.as_deref());
            return Ok(Put { function: Some(function), preparation: None });
        }
        let (prepared, preparation) = match self.prepare(call, functions, definition.request(), false).await?
        {
            Preparing::Ready(prepared, execution) => (prepared, execution),
            Preparing::Failed(execution) => {
                return Ok(Put { function: None, preparation: Some(execution) });
            }
        };
        let Prepared { checkpoint, signature_json: signature, .. } = *prepared;
        let found = Signature::read(signature.as_deref());
        if let Some((index, why)) = found.and_then(|found| found.contradicts(&definition.contract)) {
            return Err(Error::invalid(format!("inputs[{index}]"), format!("is {why}")));
        }
        functions.keep_checkpoint(tenant, name, &version, &checkpoint).await?;
        let kept = Kept::new(content, signature.clone());
        let head = match functions.store.put(tenant, name, &kept, aliases, &functions.config.room).await {
            Ok(head) => head,
            Err(error) => {
                functions.store.delete_checkpoint(tenant, name, &version, image.digest()).await;
                return Err(error.into());
            }
        };
        let function = describe(name, &version, &head, &definition, signature.as_deref());
        let key = (tenant.to_owned(), name.to_owned(), version.clone());
        functions.loaded.insert(key, Arc::new(Loaded::new(&version, &definition, checkpoint, image)));
        Ok(Put { function: Some(function), preparation: Some(preparation) })
    }
}

fn check(put: &PutFunction) -> Result<(), Error> {
    check_name(&put.name).map_err(|reason| Error::invalid("name", reason))?;
    for (field, count, most) in
        [("aliases", put.aliases.len(), MOST_ALIASES), ("imports", put.imports.len(), MOST_IMPORTS)]
    {
        if count > most {
            return Err(Error::invalid(field, format!("has {count} entries, at most {most} are taken")));
        }
    }
    for (index, alias) in put.aliases.iter().enumerate() {
        check_name(alias).map_err(|reason| Error::invalid(format!("aliases[{index}]"), reason))?;
    }
    if put.program.entry != Entry::Main {
        let reason = format!(
            "is {}: a function's top level is run once, so it needs a main to call",
            put.program.entry.name()
        );
        return Err(Error::invalid("source.entry", reason));
    }
    contract::check(&put.contract)
}

impl Functions {
    /// Follows imports to versions; and the modules that they bring, with the place of the import that brings each.
    async fn follow(
        &self,
        tenant: &str,
        imports: &[FunctionImport],
    ) -> Result<(Vec<FunctionImport>, Vec<(usize, Module)>), Error> {
        let (mut followed, mut modules) = (Vec::new(), Vec::new());
        for (index, import) in imports.iter().enumerate() {
            let field = format!("imports[{index}].function");
            check_reference(&field, &import.function)?;
            let name = &import.function.name;
            let version = self.version(tenant, &import.function).await.map_err(|error| match error {
                Error::NotFound(what) => Error::invalid(&field, format!("cannot be followed: {what}")),
                other => other,
            })?;
            let (definition, _) = self.definition(tenant, name, &version).await?;
            let program = definition.program();
            let module = if import.module.is_empty() { name } else { &import.module };
            modules.push((index, Module { name: module.clone(), source: program.source }));
            modules.extend(program.modules.into_iter().map(|module| (index, module)));
            followed.push(FunctionImport {
                function: FunctionReference { name: name.clone(), version, alias: String::new() },
                module: module.clone(),
            });
        }
        Ok((followed, modules))
    }
}

/// The same module by two ways is one; two modules of one name are none.
fn add(modules: &mut Vec<Module>, module: Module, index: usize) -> Result<(), Error> {
    match modules.iter().find(|known| known.name == module.name) {
        None => modules.push(module),
        Some(known) if *known == module => {}
        Some(known) => {
            let reason = format!(
                "brings a module {}, and there is another one of that name: give it another name by imports[{index}].module, or \
                 rename the other",
                quoted(&known.name)
            );
            return Err(Error::invalid(format!("imports[{index}]"), reason));
        }
    }
    Ok(())
}

/// All that can be told of a version.
pub(super) fn describe(
    name: &str,
    version: &str,
    head: &Head,
    definition: &Definition,
    signature: Option<&str>,
) -> Function {
    let signature = Signature::read(signature);
    let contract = definition.contract.clone();
    Function {
        name: name.to_owned(),
        version: version.to_owned(),
        aliases: head.aliases_of(version).map(str::to_owned).collect(),
        created_unix_millis: head.version(version).map_or(0, |version| version.created_unix_millis),
        program: definition.program(),
        image: definition.image(),
        limits: definition.limits(),
        imports: definition.imports(),
        input_schema_json: schema::of_input(signature.as_ref(), &contract).to_string(),
        output_schema_json: schema::of_output(signature.as_ref(), &contract)
            .map_or_else(String::new, |schema| schema.to_string()),
        contract,
    }
}
