//! Indexes that nobody declares: a reference without one would have the whole table read for each
//! row that it points to, by joins and by `on_delete`. `check` adds them, `write` leaves them out.

use crate::model::Index;

/// The columns of each index that a table gets for its references: one for each reference whose
/// columns are not the first of the key, of a unique constraint or of an index over all rows.
pub(crate) fn columns<'r, 'u, 'i>(
    references: impl IntoIterator<Item = &'r [usize]>,
    unique: impl IntoIterator<Item = &'u [usize]>,
    indexes: impl IntoIterator<Item = &'i Index>,
) -> Vec<Vec<usize>> {
    let whole = indexes.into_iter().filter(|index| index.filter.is_none());
    let mut trees: Vec<Vec<usize>> = unique.into_iter().map(<[usize]>::to_vec).collect();
    trees.extend(whole.map(|index| index.columns.iter().map(|part| part.column).collect()));
    let mut made: Vec<Vec<usize>> = Vec::new();
    for wanted in references {
        let leads = |tree: &Vec<usize>| {
            tree.get(..wanted.len()).is_some_and(|first| wanted.iter().all(|at| first.contains(at)))
        };
        if !trees.iter().any(leads) && !made.iter().any(leads) {
            made.push(wanted.to_vec());
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IndexColumn;

    #[test]
    fn only_a_reference_that_nothing_leads_to_gets_an_index() {
        let index = |columns: &[usize], filter: Option<&str>| Index {
            name: String::new(),
            columns: columns
                .iter()
                .map(|column| IndexColumn { column: *column, descending: false })
                .collect(),
            unique: false,
            filter: filter.map(str::to_owned),
        };
        let indexes = [index(&[4, 9], None), index(&[5], Some("a > 1"))];
        let unique: [&[usize]; 2] = [&[0, 1, 2], &[3]];
        for (reference, expect) in [
            (&[0][..], None),
            (&[1, 0], None),
            (&[1], Some(vec![1])),
            (&[0, 2], Some(vec![0, 2])),
            (&[3], None),
            (&[4], None),
            (&[9], Some(vec![9])),
            (&[5], Some(vec![5])),
        ] {
            let made = columns([reference, reference], unique, &indexes);
            assert_eq!(made, expect.into_iter().collect::<Vec<_>>(), "{reference:?}");
        }
    }
}
