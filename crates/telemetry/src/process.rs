//! What the operating system knows about this process, read from /proc when a scraper asks.
//! On systems without /proc the values are absent and nothing else changes.

use std::fs;

use crate::Registry;
use crate::measure::{PROCESS_CPU, PROCESS_FILES, PROCESS_MEMORY, PROCESS_START};

/// Clock ticks in a second as /proc counts them: fixed at 100 for programs on Linux (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) fn register(registry: &Registry) {
    if cpu_seconds().is_none() {
        return;
    }
    registry.observe(&PROCESS_CPU, &[], || cpu_seconds().unwrap_or_default());
    registry.observe(&PROCESS_MEMORY, &[], || resident_bytes().unwrap_or_default());
    registry.observe(&PROCESS_FILES, &[], || open_files().unwrap_or_default());
    let started = started_seconds().unwrap_or_default();
    registry.observe(&PROCESS_START, &[], move || started);
}

/// A field of /proc/self/stat, counted from the one after the name (which may contain anything).
fn stat_field(place: usize) -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(place)?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    Some((stat_field(11)? + stat_field(12)?) / TICKS_PER_SECOND)
}

fn started_seconds() -> Option<f64> {
    let system = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    Some(boot + stat_field(19)? / TICKS_PER_SECOND)
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_files() -> Option<f64> {
    // The reading itself holds one of them open.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_knows_its_memory_files_and_age() {
        assert!(resident_bytes().unwrap() > 100_000.0);
        assert!(open_files().unwrap() >= 3.0);
        assert!(started_seconds().unwrap() > 1.6e9);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }
}
