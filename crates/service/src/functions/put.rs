//! Keeping a program as a version of a function.

use super::definition::{Definition, Surroundings};
use super::files::FilesMade;
use super::load::Preparing;
use super::references::check_name;
use super::schema::{self, Signature};
use super::stored::Known;
use super::{Loaded, contract, words};
use crate::capacity::aside::aside;
use crate::capacity::memory;
use crate::capacity::slots::Reserved;
use crate::error::{Error, quoted};
use crate::observe::spans::stage;
use crate::service::{Call, Execution, Service};
use crate::tenants::Tenant;
use crate::validate::admission;
use ::bytes::Bytes;
use ampoule_engine::{Image, Prepared};
use ampoule_model::{Entry, File, Function, FunctionImport, FunctionReference, Module, Program, PutFunction};
use ampoule_store::{Definition as Kept, FunctionIndex, Words};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument;

/// Aliases of one put, and functions that one imports.
pub(super) const MOST_ALIASES: usize = 16;
const MOST_IMPORTS: usize = 64;

/// What is put is there as it was sent, in the definition and in that one's text, and files as what is kept
/// of them, and sealed.
const COPIES: u64 = 3;

/// Less is put where its request is served: it takes microseconds.
const SMALL: u64 = 64 << 10;

/// What became of a put.
#[derive(Clone, Debug)]
pub struct Put {
    /// The version that is kept; none if the top level did not complete.
    pub function: Option<Function>,
    /// How the top level ended; none if this version was kept already.
    pub preparation: Option<Execution>,
}

impl Service {
    /// Keeps a program as a version of a function of the caller's tenant. It is on the store's disk when this
    /// returns.
    pub async fn put_function(&self, call: &Call, put: PutFunction) -> Result<Put, Error> {
        check(&put)?;
        let bytes = memory::of_put(&put);
        if bytes <= SMALL && put.imports.is_empty() {
            // On the heap: what runs a guest is large, and would be part of whatever waits for this.
            return Box::pin(self.put_here(call, put)).await;
        }
        // Also for the answer, which tells of the program again.
        let memory = self.slots().reserve_to_send(&call.tenant, COPIES * bytes)?;
        let (service, call, tenant) = (self.clone(), call.clone(), call.tenant.clone());
        let putting = aside(&tenant, async move {
            let put = Box::pin(service.put_here(&call, put)).await;
            drop(memory);
            put
        });
        putting.await.unwrap_or(Err(Error::Panicked))
    }

    async fn put_here(&self, call: &Call, put: PutFunction) -> Result<Put, Error> {
        let putting = AssertUnwindSafe(call.tenant.0.stop.or(self.put(call, put)));
        let putting = putting.catch_unwind().instrument(call.span.clone());
        putting.await.unwrap_or(Err(Error::Panicked))
    }

    async fn put(&self, call: &Call, mut put: PutFunction) -> Result<Put, Error> {
        let functions = self.functions()?;
        let words = words_of(&mut put);
        let (tenant, name) = (call.tenant.name(), std::mem::take(&mut put.name));
        let (name, room) = (name.as_str(), &functions.config.room);
        let mut made = self.make(call, put).await?;
        let version = made.kept(None).version().to_owned();
        let is_kept =
            functions.store.head(tenant, name).await.is_ok_and(|head| head.version(&version).is_some());
        if is_kept {
            let Known { signature, .. } = self.known(&call.tenant, name, &version).await?;
            let head = functions.store.put(tenant, name, &made.kept(signature.clone()), &words, room).await?;
            let function = describe(name, &version, &head, &made.definition, signature.as_deref());
            return Ok(Put { function: Some(function), preparation: None });
        }
        let request = made.definition.request(std::mem::take(&mut made.files));
        let (prepared, preparation) = match Box::pin(self.prepare(call, functions, request, false)).await? {
            Preparing::Ready(prepared, execution) => (prepared, execution),
            Preparing::Failed(execution) => {
                return Ok(Put { function: None, preparation: Some(execution) });
            }
        };
        let Prepared { checkpoint, signature_json: signature, .. } = *prepared;
        let found = Signature::read(signature.as_deref());
        if let Some((index, why)) = found.and_then(|found| found.contradicts(&made.definition.contract)) {
            return Err(Error::invalid(format!("inputs[{index}]"), format!("is {why}")));
        }
        functions.keep_checkpoint(tenant, name, &version, &checkpoint).await?;
        let kept = made.kept(signature.clone());
        let keeping = functions.store.put(tenant, name, &kept, &words, room);
        let kept = keeping.instrument(stage!("store")).await;
        let head = match kept {
            Ok(head) => head,
            Err(error) => {
                functions.store.delete_checkpoint(tenant, name, &version, made.image.digest()).await;
                return Err(error.into());
            }
        };
        let function = describe(name, &version, &head, &made.definition, signature.as_deref());
        let key = (tenant.to_owned(), name.to_owned(), version.clone());
        let loaded = Loaded::new(&version, &made.definition, checkpoint, made.image);
        functions.loaded.insert(key, Arc::new(loaded));
        Ok(Put { function: Some(function), preparation: Some(preparation) })
    }

    /// Checks what a version is to be made of, follows its imports, and puts it together.
    async fn make(&self, call: &Call, put: PutFunction) -> Result<Made, Error> {
        let mut program = put.program;
        admission::program_is_sound(self.sizes(), &mut program)?;
        admission::files_are_sound(self.sizes(), &put.files)?;
        admission::environment_is_sound(self.sizes(), &put.environment)?;
        let (imports, memory) = self.follow(&call.tenant, &put.imports, &mut program).await?;
        let image = admission::image(self.images(), put.image.as_deref(), program.language)?;
        let FilesMade { files, told, kept } = FilesMade::of(put.files).await?;
        let surroundings = Surroundings { environment: put.environment.into_iter().collect(), files: told };
        let definition =
            Definition::new(program, put.image, put.contract, &put.limits, &imports, surroundings);
        let kept_files = definition.has_surroundings().then_some(kept);
        Ok(Made { content: definition.to_json(), definition, files, kept_files, image, _memory: memory })
    }

    /// Follows imports to versions, and adds the modules that they bring to the program: one after the other,
    /// and none beyond what a program may have. Answers the imports with their versions, and the memory of
    /// the modules.
    async fn follow(
        &self,
        tenant: &Tenant,
        imports: &[FunctionImport],
        program: &mut Program,
    ) -> Result<(Vec<FunctionImport>, Vec<Reserved>), Error> {
        let functions = self.functions()?;
        let (mut followed, mut memory) = (Vec::<FunctionImport>::new(), Vec::new());
        for (index, import) in imports.iter().enumerate() {
            let field = format!("imports[{index}].function");
            let name = &import.function.name;
            let version = functions.version(tenant.name(), &field, &import.function).await;
            let version = version.map_err(|error| match error {
                Error::NotFound(what) => Error::invalid(&field, format!("cannot be followed: {what}")),
                other => other,
            })?;
            let module = if import.module.is_empty() { name } else { &import.module };
            let function = FunctionReference { name: name.clone(), version, alias: String::new() };
            let import = FunctionImport { function, module: module.clone() };
            // The same once more brings nothing more.
            if !followed.contains(&import) {
                let Known { definition, bytes, memory: mut held, .. } =
                    self.known(tenant, name, &import.function.version).await?;
                let brought = definition.program();
                add(&mut program.modules, Module { name: module.clone(), source: brought.source }, index)?;
                for module in brought.modules {
                    add(&mut program.modules, module, index)?;
                }
                admission::program_is_sound(self.sizes(), program)?;
                held.shrink(COPIES * bytes);
                memory.push(held);
            }
            followed.push(import);
        }
        Ok((followed, memory))
    }
}

/// What a version is made of.
struct Made {
    definition: Definition,
    /// The definition as text.
    content: String,
    files: Vec<File>,
    /// The files as the store keeps them.
    kept_files: Option<Bytes>,
    image: Image,
    /// Of the modules that its imports bring.
    _memory: Vec<Reserved>,
}

impl Made {
    fn kept(&self, signature: Option<String>) -> Kept {
        let kept = Kept::new(self.content.clone(), signature);
        match &self.kept_files {
            Some(files) => kept.with_files(files.clone()),
            None => kept,
        }
    }
}

/// What is said of a version, beside what it is made of.
fn words_of(put: &mut PutFunction) -> Words {
    Words {
        aliases: std::mem::take(&mut put.aliases),
        keep_latest: put.keep_latest,
        by: words::caller(&put.by),
        description: std::mem::take(&mut put.description),
        labels: std::mem::take(&mut put.labels),
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
    words::check_description(&put.description)?;
    words::check_labels(&put.labels)?;
    contract::check(&put.contract)
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
    head: &FunctionIndex,
    definition: &Definition,
    signature: Option<&str>,
) -> Function {
    let signature = Signature::read(signature);
    let contract = definition.contract.clone();
    let kept = head.version(version).cloned().unwrap_or_default();
    Function {
        name: name.to_owned(),
        version: version.to_owned(),
        aliases: head.aliases_of(version).map(str::to_owned).collect(),
        created_unix_millis: kept.created_unix_millis,
        created_by: kept.created_by,
        description: kept.description,
        labels: kept.labels,
        program: definition.program(),
        image: definition.image().map(str::to_owned),
        limits: definition.limits(),
        imports: definition.imports(),
        environment: definition.environment().clone(),
        files: definition.files().to_vec(),
        input_schema_json: schema::of_input(signature.as_ref(), &contract).to_string(),
        output_schema_json: schema::of_output(signature.as_ref(), &contract)
            .map_or_else(String::new, |schema| schema.to_string()),
        contract,
    }
}
