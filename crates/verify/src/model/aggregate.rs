//! Sums, counts and their like over groups of rows, exact and printed as PostgreSQL prints them.

use crate::world::Cell;

/// The value of an aggregate as JSON; `cells` are those of its column, or none for `count()`.
#[must_use]
pub fn aggregate(function: &str, rows: usize, cells: Option<&[&Cell]>) -> String {
    let Some(cells) = cells else { return rows.to_string() };
    let there: Vec<&Cell> = cells.iter().copied().filter(|cell| !cell.is_null()).collect();
    match function {
        "count" => there.len().to_string(),
        "min" | "max" => extreme(&there, function == "max").map_or("null".to_owned(), Cell::wire),
        _ if there.is_empty() => "null".to_owned(),
        "sum" => sum(&there),
        _ => average(&there),
    }
}

fn extreme<'c>(cells: &[&'c Cell], last: bool) -> Option<&'c Cell> {
    let mut best: Option<&Cell> = None;
    for cell in cells {
        let better = best.is_none_or(|best| {
            let order = cell.order(best);
            order == Some(if last { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less })
        });
        if better {
            best = Some(cell);
        }
    }
    best
}

fn sum(cells: &[&Cell]) -> String {
    match cells[0] {
        Cell::Double(_) => Cell::Double(doubles(cells)).wire(),
        Cell::Cents(_) => Cell::Cents(i64::try_from(whole(cells)).unwrap_or(0)).wire(),
        _ => whole(cells).to_string(),
    }
}

fn doubles(cells: &[&Cell]) -> f64 {
    let number = |cell: &&Cell| if let Cell::Double(number) = cell { *number } else { 0.0 };
    // Not `sum`, which begins with a negative zero.
    cells.iter().map(number).fold(0.0, |sum, number| sum + number)
}

fn whole(cells: &[&Cell]) -> i128 {
    let number = |cell: &&Cell| match cell {
        Cell::Int(number) | Cell::Cents(number) => i128::from(*number),
        _ => 0,
    };
    cells.iter().map(number).sum()
}

#[allow(clippy::cast_precision_loss)] // few rows
fn average(cells: &[&Cell]) -> String {
    match cells[0] {
        Cell::Double(_) => Cell::Double(doubles(cells) / cells.len() as f64).wire(),
        Cell::Cents(_) => quotient(whole(cells), 100 * cells.len() as i128, 2),
        _ => quotient(whole(cells), cells.len() as i128, 0),
    }
}

/// A numeric quotient with the digits that PostgreSQL gives it. Source: `select_div_scale` of its
/// `numeric.c`: at least 16 digits that count, told in groups of four.
fn quotient(above: i128, below: i128, scale: u32) -> String {
    let hundredths = 10_i128.pow(scale);
    let (count, sum) = (below / hundredths, above);
    let (sum_weight, sum_first) = first_group(sum.abs(), scale);
    let (count_weight, count_first) = first_group(count, 0);
    let mut weight = sum_weight - count_weight;
    if sum_first <= count_first {
        weight -= 1;
    }
    let digits = (16 - weight * 4).max(i32::try_from(scale).unwrap_or(0)).max(0);
    let places = u32::try_from(digits).unwrap_or(0);
    let scaled = above.abs() * 10_i128.pow(places);
    let rounded = (scaled * 2 + below) / (below * 2);
    let sign = if above < 0 && rounded != 0 { "-" } else { "" };
    let power = 10_i128.pow(places);
    let (whole, rest) = (rounded / power, rounded % power);
    let width = places as usize;
    format!("{sign}{whole}.{rest:0width$}")
}

/// The first group of four digits of `number / 10^scale`, and which group it is: 0 stands before
/// the point.
fn first_group(number: i128, scale: u32) -> (i32, i128) {
    if number == 0 {
        return (0, 0);
    }
    // As many groups behind the point as hold the scale.
    let groups = scale.div_ceil(4);
    let mut rest = number * 10_i128.pow(groups * 4 - scale);
    let mut weight = -i32::try_from(groups).unwrap_or(0);
    while rest >= 10_000 {
        rest /= 10_000;
        weight += 1;
    }
    (weight, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_have_the_digits_that_postgresql_gives() {
        let of =
            |cells: &[Cell]| aggregate("avg", cells.len(), Some(&cells.iter().collect::<Vec<_>>()));
        assert_eq!(of(&[Cell::Int(1), Cell::Int(2)]), "1.5000000000000000");
        assert_eq!(of(&[Cell::Int(0)]), "0.00000000000000000000");
        assert_eq!(of(&[Cell::Cents(10), Cell::Cents(20)]), "0.15000000000000000000");
        assert_eq!(of(&[Cell::Int(1), Cell::Int(1), Cell::Int(0)]), "0.66666666666666666667");
        assert_eq!(of(&[Cell::Double(1.0), Cell::Double(2.0)]), "1.5");
    }
}
