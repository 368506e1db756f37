//! A6: the data lies on a small tmpfs that is filled and emptied again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mainstay_testkit::{Connection, Oracle};

use crate::application::{Application, damage};
use crate::{Options, Verdict};

/// Size of the file system.
const SIZE: &str = "size=12m";

/// Longer than healing takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Unmounts when it goes.
struct Mount<'a>(&'a Path);

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

pub fn heals(_: &Options) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
        .arg(place.path())
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return Verdict::Skipped("a tmpfs cannot be mounted without root".to_owned());
    }
    let mount = Mount(place.path());
    let application = Application::on(folder, place.path().join("data"));
    let verdict = match fill_and_free(&application, mount.0) {
        Ok(note) => Verdict::Passed(note),
        Err(why) => Verdict::Failed(why),
    };
    drop(mount);
    verdict
}

fn fill_and_free(application: &Application, place: &Path) -> Result<String, String> {
    let server = application.serve();
    let mut connection = application.connect(server.address).map_err(|e| e.to_string())?;
    let mut oracle = Oracle::new(0, 3);
    for _ in 0..50 {
        oracle.write(&mut connection).map_err(|e| e.to_string())?;
    }
    let ballast = place.join("ballast");
    let _ = std::fs::write(&ballast, vec![1_u8; 16 * 1024 * 1024]);
    let mut refused = 0;
    for _ in 0..2000 {
        let answer = oracle.write(&mut connection).map_err(|e| e.to_string())?;
        if answer.status == 507 {
            if !answer.body.contains("53100") {
                return Err(format!("507 with {}", answer.body));
            }
            if !answer.head.contains("retry-after:") {
                return Err("507 without Retry-After".to_owned());
            }
            refused += 1;
        } else if answer.status >= 300 {
            return Err(format!("{} {}", answer.status, answer.body));
        }
        if refused >= 20 {
            break;
        }
    }
    if refused == 0 {
        return Err("a full disk refused nothing".to_owned());
    }
    let stored = oracle.stored(&mut connection).map_err(|error| format!("reads ended: {error}"))?;
    if stored != oracle.rows {
        return Err("rows differ while the disk is full".to_owned());
    }
    std::fs::remove_file(&ballast).map_err(|e| e.to_string())?;
    let took = resume(&mut oracle, &mut connection)?;
    let stored = oracle.stored(&mut connection).map_err(|e| e.to_string())?;
    server.kill();
    if stored != oracle.rows {
        return Err("rows differ after the disk has space again".to_owned());
    }
    match damage(&application.database()) {
        None => {
            Ok(format!("{refused} writes refused with 507, resumed after {} ms", took.as_millis()))
        }
        Some(damage) => Err(damage),
    }
}

fn resume(oracle: &mut Oracle, connection: &mut Connection) -> Result<Duration, String> {
    let freed = Instant::now();
    loop {
        let answer = oracle.write(connection).map_err(|e| e.to_string())?;
        if answer.status < 300 {
            return Ok(freed.elapsed());
        }
        if freed.elapsed() > PATIENCE {
            return Err(format!("still {} {}", answer.status, answer.body));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
