//! How much memory SQLite holds. The one place with `unsafe`: the kept crate has no name for this
//! call, and a memory leak that nobody can see is worse than two lines that are easy to judge.

#![allow(unsafe_code)]

/// Memory that SQLite holds for all connections of the process, page caches included, in bytes.
#[must_use]
pub fn memory_bytes() -> u64 {
    // SAFETY: takes no argument, reads one counter under SQLite's own mutex, and may be called
    // from any thread at any time (sqlite.org/c3ref/memory_highwater.html).
    let bytes = unsafe { rusqlite::ffi::sqlite3_memory_used() };
    u64::try_from(bytes).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_open_database_holds_memory() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        assert!(super::memory_bytes() > 0);
    }
}
