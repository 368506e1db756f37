//! `mainstay dev DIR`: serves, watches the declarations, and brings what is served to them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mainstay_base::{Code, Error, Result};
use mainstay_telemetry::Telemetry;
use notify::{RecursiveMode, Watcher};

use super::{Serving, serve};
use crate::application::{self, Application};
use crate::door::Door;
use crate::reach::Announced;
use crate::report::{self, Failure};
use crate::settings::Flags;

/// Editors write a file in several steps: this long nothing must have happened.
const QUIET: Duration = Duration::from_millis(150);

/// Serve an application, watch its files, and make additive changes at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay dev examples/shop")]
pub struct Args {
    #[command(flatten)]
    serving: Serving,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let flags = args.serving.flags();
    let path = args.serving.path.clone();
    let (declared, configured) = super::read(&path, &flags)?;
    let runtime = serve::runtime()?;
    runtime.block_on(async {
        let telemetry = serve::telemetry(&configured)?;
        let listeners = mainstay_edge::bind(application::edge(&configured.settings))?;
        let address = listeners.public_address();
        let mut opened =
            application::open(&path, &declared, &configured, address, &telemetry).await?;
        opened.tend();
        let door = Door::new(&opened);
        let _announced = Announced::at(&configured.data, address)?;
        serve::started(&declared, &configured, &opened, &listeners, &telemetry);
        let (watcher, changes) = watch(&path, &configured.data)?;
        let reloading = Reloading {
            path,
            flags,
            address,
            door: door.clone(),
            telemetry: telemetry.clone(),
            current: opened,
            runtime: tokio::runtime::Handle::current(),
        };
        std::thread::spawn(move || reloading.follow(&changes));
        serve::until_stopped(listeners, door.clone(), &telemetry).await?;
        drop(watcher);
        door.current().rest.store().close();
        let _ = telemetry.log.flush(Duration::from_secs(2));
        Ok(())
    })
}

/// Tells of changes to declarations, not to the data beside them.
fn watch(path: &Path, data: &Path) -> Result<(impl Watcher + use<>, Receiver<()>)> {
    let (tell, changes) = channel();
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let about = |error: notify::Error| {
        Error::new(Code::Internal, "The files cannot be watched").details(error.to_string())
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let declares = |path: &std::path::PathBuf| {
            path.extension().is_some_and(|ending| ending == "toml") && !path.starts_with(&data)
        };
        if !event.kind.is_access() && event.paths.iter().any(declares) {
            let _ = tell.send(());
        }
    })
    .map_err(about)?;
    // A single file is watched through its folder: editors replace files.
    let folder = match path.is_dir() {
        true => path.to_owned(),
        false => {
            path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
        }
    };
    let folder = folder.canonicalize().unwrap_or(folder);
    watcher.watch(&folder, RecursiveMode::Recursive).map_err(about)?;
    Ok((watcher, changes))
}

/// What is needed to serve a changed declaration.
struct Reloading {
    path: std::path::PathBuf,
    flags: Flags,
    address: SocketAddr,
    door: Door,
    telemetry: Telemetry,
    current: Application,
    runtime: tokio::runtime::Handle,
}

impl Reloading {
    fn follow(mut self, changes: &Receiver<()>) {
        while changes.recv().is_ok() {
            while changes.recv_timeout(QUIET).is_ok() {}
            self.reload();
        }
    }

    /// What cannot be served is said; what was served goes on.
    fn reload(&mut self) {
        let (declared, configured) = match super::read(&self.path, &self.flags) {
            Ok(read) => read,
            Err(failure) => {
                report::failure(&failure, false);
                eprintln!("still serving what was there before");
                return;
            }
        };
        // One process, one store: the old one gives its files back first.
        self.current.store.close();
        let opening =
            application::open(&self.path, &declared, &configured, self.address, &self.telemetry);
        match self.runtime.block_on(opening) {
            Ok(opened) => {
                for step in &opened.steps {
                    eprintln!("{step}");
                }
                self.serve(opened);
                eprintln!("reloaded {}", declared.catalog.name);
            }
            Err(error) => {
                report::failure(&Failure::Failed(error), false);
                self.reopen();
                eprintln!("still serving what was there before");
            }
        }
    }

    /// Opens the files again by the declaration that was served before.
    fn reopen(&mut self) {
        let catalog = self.current.rest.catalog().clone();
        let declared = mainstay_schema::Declared {
            catalog,
            doc: None,
            settings: self.current.settings.clone(),
            files: Vec::new(),
            sources: Vec::new(),
        };
        let configured = match crate::settings::read(&self.path, &declared, &self.flags) {
            Ok(configured) => configured,
            Err(error) => {
                report::failure(&Failure::Failed(error), false);
                return;
            }
        };
        let opening =
            application::open(&self.path, &declared, &configured, self.address, &self.telemetry);
        match self.runtime.block_on(opening) {
            Ok(opened) => self.serve(opened),
            Err(error) => drop(report::failure(&Failure::Failed(error), false)),
        }
    }

    fn serve(&mut self, mut opened: Application) {
        let _runtime = self.runtime.enter();
        opened.tend();
        self.door.replace(&opened);
        application::watch(&self.telemetry, &opened);
        self.current = opened;
    }
}
