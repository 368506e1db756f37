//! Figures for people and for programs.

use crate::Args;
use crate::cases::{Result, Row};

/// Prints all results, with what Mainstay adds to the floor and how it stands to PocketBase.
pub fn print(rows: &[Row], args: &Args) {
    if args.json {
        println!("{}", serde_json::to_string_pretty(rows).unwrap_or_default());
        return;
    }
    println!(
        "| case | connections | subject | req/s | rows/s | of floor | target | p50 ms | p99 ms | CPU us/req | over floor us | memory MB (peak) | errors |"
    );
    println!("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        match row {
            Row::Measured(one) => print_measured(one, floor_of(rows, one)),
            Row::Absent { subject, case, connections, absent } => {
                println!("| {case} | {connections} | {subject}: {absent} | | | | | | | | | | |");
            }
        }
    }
    println!();
    let mut seen: Vec<&str> = Vec::new();
    for one in measured(rows) {
        if !seen.contains(&one.subject) {
            seen.push(one.subject);
            println!("{}: {}", one.subject, one.durability);
        }
    }
}

fn measured(rows: &[Row]) -> impl Iterator<Item = &Result> {
    rows.iter().filter_map(|row| match row {
        Row::Measured(one) => Some(one),
        Row::Absent { .. } => None,
    })
}

/// What the floor did on the same case.
fn floor_of<'a>(rows: &'a [Row], one: &Result) -> Option<&'a Result> {
    measured(rows).find(|other| {
        other.subject == "floor" && other.case == one.case && other.connections == one.connections
    })
}

fn print_measured(one: &Result, floor: Option<&Result>) {
    let share = floor.map(|floor| one.requests_per_second / floor.requests_per_second);
    let over = floor.map_or(String::new(), |floor| {
        format!("{:+.1}", one.cpu_us_per_request - floor.cpu_us_per_request)
    });
    let target = match share.filter(|_| one.subject == "mainstay") {
        Some(share) if share >= one.target => format!("{:.1} met", one.target),
        Some(_) => format!("{:.1} missed", one.target),
        None => String::new(),
    };
    println!(
        "| {} | {} | {} | {:.0} | {} | {} | {target} | {:.2} | {:.2} | {:.1} | {over} | {:.0} ({:.0}) | {} |",
        one.case,
        one.connections,
        one.subject,
        one.requests_per_second,
        one.rows_per_second.map_or(String::new(), |rows| format!("{rows:.0}")),
        share.map_or(String::new(), |share| format!("{share:.2}")),
        one.p50_ms,
        one.p99_ms,
        one.cpu_us_per_request,
        one.memory_mb,
        one.peak_memory_mb,
        one.errors
    );
}
