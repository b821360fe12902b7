//! An object store in a local folder.
//!
//! Objects are written under another name, brought to the disk (fsync), and renamed: whoever looks sees all
//! of an object or none, also after a crash. What changes names does so under a lock of the folder, so that
//! comparing and swapping is one step for all processes that use the folder. The folder is opened once, as a
//! capability: no path leads out of it.

use async_trait::async_trait;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions};
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Where objects are, and where they are written before.
const OBJECTS: &str = "objects";
const UNFINISHED: &str = "unfinished";
const LOCK: &str = "lock";

/// What a crash has left unfinished is removed when it is older than any write takes.
const OLD: Duration = Duration::from_secs(3600);

/// Objects up to this size have their content's hash as entity tag, which makes comparing and swapping exact;
/// times of files are too coarse for that. Larger ones are never swapped.
const TAGGED: u64 = 16 << 20;

/// An object store in a folder. Cheap to clone.
#[derive(Clone)]
pub struct LocalObjectStore {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    root: Dir,
    objects: Dir,
    unfinished: Dir,
}

impl LocalObjectStore {
    /// Opens the folder, and makes it if it is not there, for this user only.
    pub fn open(path: &std::path::Path) -> io::Result<LocalObjectStore> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        for folder in [OBJECTS, UNFINISHED] {
            root.create_dir_all(folder)?;
        }
        // So that what is not possible is known at once.
        open_lock(&root)?;
        sync(&root)?;
        let (objects, unfinished) = (root.open_dir(OBJECTS)?, root.open_dir(UNFINISHED)?);
        let inner = Inner { name: path.display().to_string(), root, objects, unfinished };
        inner.clean()?;
        Ok(LocalObjectStore { inner: Arc::new(inner) })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await?
    }
}

impl Inner {
    fn clean(&self) -> io::Result<()> {
        for entry in self.unfinished.entries()? {
            let entry = entry?;
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified.map(|time| SystemTime::now().duration_since(time.into_std()));
            if age.is_ok_and(|age| age.is_ok_and(|age| age > OLD)) {
                entry.remove_file()?;
            }
        }
        Ok(())
    }

    fn put(&self, location: &Path, payload: &PutPayload, mode: PutMode) -> Result<PutResult> {
        let fail = |error| failed(location, error);
        let name = unique_name();
        let written = self.write_unfinished(&name, payload).map_err(fail).and_then(|()| {
            let _lock = self.lock().map_err(fail)?;
            self.put_in_place(&name, location, mode)
        });
        if written.is_err() {
            // Best effort: what stays is removed at a later start.
            let _ = self.unfinished.remove_file(&name);
        }
        written?;
        let e_tag = (payload.content_length() as u64 <= TAGGED).then(|| {
            let mut hasher = Sha256::new();
            payload.iter().for_each(|part| hasher.update(part));
            tag(hasher)
        });
        Ok(PutResult { e_tag, version: None, extensions: Default::default() })
    }

    fn write_unfinished(&self, name: &str, payload: &PutPayload) -> io::Result<()> {
        let mut file = self.unfinished.open_with(name, OpenOptions::new().write(true).create_new(true))?;
        for part in payload.iter() {
            file.write_all(part)?;
        }
        file.sync_all()
    }

    /// Under the lock: looks at what is there, and gives the object its name.
    fn put_in_place(&self, name: &str, location: &Path, mode: PutMode) -> Result<()> {
        let fail = |error| failed(location, error);
        let path = location.as_ref();
        match mode {
            PutMode::Overwrite => {}
            PutMode::Create if !self.objects.exists(path) => {}
            PutMode::Create => {
                let source = io::Error::from(io::ErrorKind::AlreadyExists).into();
                return Err(Error::AlreadyExists { path: location.to_string(), source });
            }
            PutMode::Update(expected) => {
                let found = self.tag_of(location)?;
                if found.is_none() || found != expected.e_tag {
                    let source = "it was changed meanwhile".into();
                    return Err(Error::Precondition { path: location.to_string(), source });
                }
            }
        }
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.make_folders(parent).map_err(fail)?;
        }
        self.unfinished.rename(name, &self.objects, path).map_err(fail)?;
        self.sync_parent(path).map_err(fail)
    }

    /// Every new folder's name is brought to the disk, too.
    fn make_folders(&self, path: &str) -> io::Result<()> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for folder in ends.map(|end| &path[..end]) {
            match self.objects.create_dir(folder) {
                Ok(()) => self.sync_parent(folder)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync_parent(&self, path: &str) -> io::Result<()> {
        match path.rsplit_once('/') {
            Some((parent, _)) => sync(&self.objects.open_dir(parent)?),
            None => sync(&self.objects),
        }
    }

    fn tag_of(&self, location: &Path) -> Result<Option<String>> {
        match self.get(location, &GetOptions::default()) {
            Ok((meta, _)) => Ok(meta.e_tag),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn get(&self, location: &Path, options: &GetOptions) -> Result<(ObjectMeta, Bytes)> {
        let fail = |error| failed(location, error);
        let mut file = self.objects.open(location.as_ref()).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Err(fail(io::ErrorKind::NotFound.into()));
        }
        let mut content = Vec::new();
        if !options.head || metadata.size() <= TAGGED {
            content.reserve_exact(metadata.size() as usize);
            file.read_to_end(&mut content).map_err(fail)?;
        }
        let e_tag = (metadata.size() <= TAGGED).then(|| tag(Sha256::new().chain_update(&content)));
        let meta = ObjectMeta { e_tag, ..meta(location.clone(), &metadata) };
        options.check_preconditions(&meta)?;
        Ok((meta, content.into()))
    }

    /// Removes an object, and the folders that have become empty.
    fn delete(&self, location: &Path) -> Result<()> {
        let fail = |error| failed(location, error);
        let path = location.as_ref();
        let _lock = self.lock().map_err(fail)?;
        self.objects.remove_file(path).map_err(fail)?;
        self.sync_parent(path).map_err(fail)?;
        for (end, _) in path.rmatch_indices('/') {
            // Until one is not empty.
            if self.objects.remove_dir(&path[..end]).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Objects below `folder`, or in it and the folders in it.
    fn list(&self, folder: &Path, deep: bool, found: &mut ListResult) -> Result<()> {
        let fail = |error| failed(folder, error);
        let entries = match folder.as_ref() {
            "" => self.objects.entries(),
            path => self.objects.read_dir(path),
        };
        let entries = match entries {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(fail)?,
        };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let location = Path::parse(format!("{folder}/{}", name.to_string_lossy()))?;
            // What is removed meanwhile is not listed.
            let Ok(metadata) = entry.metadata() else { continue };
            match (metadata.is_dir(), deep) {
                (true, true) => self.list(&location, deep, found)?,
                (true, false) => found.common_prefixes.push(location),
                (false, _) => found.objects.push(meta(location, &metadata)),
            }
        }
        Ok(())
    }

    /// Keeps others from changing names until it is dropped.
    fn lock(&self) -> io::Result<std::fs::File> {
        // Locks are of opened files: opened anew it also keeps out other threads of this process.
        let lock = open_lock(&self.root)?.into_std();
        lock.lock()?;
        Ok(lock)
    }
}

#[async_trait]
impl ObjectStore for LocalObjectStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let location = location.clone();
        self.blocking(move |inner| inner.put(&location, &payload, opts.mode)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let location = location.clone();
        self.blocking(move |inner| {
            let (meta, content) = inner.get(&location, &options)?;
            let range = match &options.range {
                None => 0..meta.size,
                Some(range) => {
                    let invalid = |source| Error::Generic { store: "folder", source: Box::new(source) };
                    range.as_range(meta.size).map_err(invalid)?
                }
            };
            let part = if options.head {
                Bytes::new()
            } else {
                content.slice(range.start as usize..range.end as usize)
            };
            let payload = GetResultPayload::Stream(stream::iter([Ok(part)]).boxed());
            let (attributes, extensions) = Default::default();
            Ok(GetResult { payload, meta, range, attributes, extensions })
        })
        .await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let folder = self.clone();
        locations
            .then(move |location| {
                let folder = folder.clone();
                async move {
                    let location = location?;
                    let deleted = location.clone();
                    folder.blocking(move |inner| inner.delete(&deleted)).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (folder, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let listed = async move {
            let listed = folder.blocking(move |inner| {
                let mut found = ListResult {
                    common_prefixes: Vec::new(),
                    objects: Vec::new(),
                    extensions: Default::default(),
                };
                inner.list(&prefix, true, &mut found)?;
                Ok(found.objects)
            });
            match listed.await {
                Ok(objects) => stream::iter(objects.into_iter().map(Ok)).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        self.blocking(move |inner| {
            let mut found = ListResult {
                common_prefixes: Vec::new(),
                objects: Vec::new(),
                extensions: Default::default(),
            };
            inner.list(&prefix, false, &mut found)?;
            Ok(found)
        })
        .await
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(not_offered("putting in parts"))
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(not_offered("copying"))
    }
}

impl fmt::Display for LocalObjectStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "folder {}", self.inner.name)
    }
}

impl fmt::Debug for LocalObjectStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Folder").field(&self.inner.name).finish()
    }
}

fn open_lock(root: &Dir) -> io::Result<File> {
    root.open_with(LOCK, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Dir) -> io::Result<()> {
    // The capability itself is a mere path to the system, which cannot be synchronised.
    folder.open(".")?.sync_all()
}

fn unique_name() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    hex::encode(bytes)
}

fn tag(hasher: Sha256) -> String {
    format!("\"{}\"", hex::encode(hasher.finalize()))
}

fn meta(location: Path, metadata: &Metadata) -> ObjectMeta {
    let modified = metadata.modified().map_or(SystemTime::UNIX_EPOCH, |time| time.into_std());
    ObjectMeta { location, last_modified: modified.into(), size: metadata.size(), e_tag: None, version: None }
}

fn failed(location: &Path, error: io::Error) -> Error {
    let path = location.to_string();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::NotFound { path, source: error.into() }
        }
        _ => Error::Generic { store: "folder", source: format!("{path}: {error}").into() },
    }
}

fn not_offered(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.into(), implementer: "ampoule's folder".into() }
}
