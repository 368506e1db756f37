//! `mainstay openapi DIR`: prints the document of an application as one role would get it from the
//! server. Nothing is opened or served; `types` shares how an application is described.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay_base::Clock as _;
use mainstay_gate::identity::{ANON, AUTHENTICATED, SERVICE};
use mainstay_gate::{Gate, Identity};
use mainstay_rest::Describer;
use mainstay_rest::plan::Index;

use crate::application;
use crate::clock::SystemClock;
use crate::report::{Failure, say};
use crate::settings::Flags;

/// Print the OpenAPI document of an application.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay openapi examples/shop > openapi.json
  mainstay openapi examples/shop --role anon     what callers without an account may use
  mainstay openapi examples/shop --swagger --module orders")]
pub struct Args {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Whose view of the application it is.
    #[arg(long, value_name = "ROLE", default_value = SERVICE)]
    role: String,
    /// Only this module [default: all; with --swagger the default module].
    #[arg(long, value_name = "MODULE")]
    module: Option<String>,
    /// OpenAPI 2.0, as it stands at the root of the data API.
    #[arg(long)]
    swagger: bool,
    /// The environment whose settings are used [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let describer = describer(&args.path, &args.role, args.env.as_deref())?;
    let module = args.module.as_deref();
    let document = match args.swagger {
        true => describer.swagger(module)?,
        false => describer.openapi(module)?,
    };
    say!("{document}");
    Ok(())
}

/// An application as a role sees it.
pub fn describer(path: &Path, role: &str, env: Option<&str>) -> Result<Describer, Failure> {
    let flags = Flags { environment: env.map(str::to_owned), ..Flags::default() };
    let (declared, configured) = super::read(path, &flags)?;
    let roles = &configured.settings.auth.roles;
    let known = [ANON, AUTHENTICATED, SERVICE];
    if !known.contains(&role) && !roles.iter().any(|one| one == role) {
        let names: Vec<&str> = known.into_iter().chain(roles.iter().map(String::as_str)).collect();
        return Err(Failure::Misused {
            message: format!("There is no role {role}"),
            hint: format!("Roles are {}; [auth] roles declares more.", names.join(", ")),
        });
    }
    Ok(Describer {
        index: Index::new(Arc::new(declared.catalog))?,
        // No token is verified here, so no secret matters.
        gate: Gate::new(&[], roles, Arc::new(SystemClock)),
        identity: Arc::new(Identity::of_role(role)),
        now: SystemClock.now(),
        config: application::data_api(&configured.settings),
    })
}
