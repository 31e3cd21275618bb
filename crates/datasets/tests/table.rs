//! Tables of numbers, good and bad.

use std::path::Path;

use neuropil_datasets::{Columns, Error, Table, TableConfig};
use proptest::prelude::*;

fn parse(text: impl AsRef<[u8]>, config: &TableConfig) -> Result<Table, Error> {
    Table::parse(text.as_ref(), Path::new("f.csv"), config)
}

fn with(columns: Columns) -> TableConfig {
    TableConfig {
        columns,
        ..TableConfig::default()
    }
}

fn named(names: &[&str]) -> TableConfig {
    with(Columns::Named(names.iter().map(|&n| n.into()).collect()))
}

#[test]
fn every_bad_file_is_told_apart_with_its_place() {
    let all = TableConfig::default();
    let numeric = with(Columns::Numeric);
    let three = TableConfig {
        minimum_rows: 3,
        ..TableConfig::default()
    };
    let hashes = TableConfig {
        comment: Some('#'),
        ..TableConfig::default()
    };
    let cases: &[(&str, &TableConfig, &str)] = &[
        ("", &all, "f.csv: the file is empty, without a header"),
        ("\n\r\n", &all, "f.csv: the file is empty, without a header"),
        (
            "# only\n",
            &hashes,
            "f.csv: the file is empty, without a header",
        ),
        (
            "a,b\n",
            &all,
            "f.csv: 0 rows below the header, at least 1 are needed",
        ),
        (
            "a\n1\n2",
            &three,
            "f.csv: 2 rows below the header, at least 3 are needed",
        ),
        (
            "a,b\n1,2\n3\n",
            &all,
            "f.csv, line 3: 1 cells, the header has 2",
        ),
        (
            "a,b\n1,2\n\n3,4,5\n",
            &all,
            "f.csv, line 4: 3 cells, the header has 2",
        ),
        (
            "a,b\n1,2\n3,x\n",
            &all,
            "f.csv, line 3, column 2 (b): \"x\" is not a number",
        ),
        (
            "a,b\n1,2\n,4\n",
            &all,
            "f.csv, line 3, column 1 (a): the cell is empty",
        ),
        (
            "a,b\n1,nan\n3,4\n",
            &all,
            "f.csv, line 2, column 2 (b): NaN is not finite",
        ),
        (
            "a,b\r\n1,2\r\n3,-inf\r\n",
            &all,
            "f.csv, line 3, column 2 (b): -inf is not finite",
        ),
        // Too large for a number is infinite, too.
        (
            "a\n1e999\n",
            &all,
            "f.csv, line 2, column 1 (a): inf is not finite",
        ),
        (
            "a,b\r1,2\r3,x\r",
            &all,
            "f.csv, line 3, column 2 (b): \"x\" is not a number",
        ),
        (
            "\n# c\na,b\n# c\n\n1,2\n# c\n\n3,1.5.2\n",
            &hashes,
            "f.csv, line 9, column 2 (b): \"1.5.2\" is not a number",
        ),
        (
            "a,b\n\"1\",\"x\n\ny\"\n2,3\n4\n",
            &numeric,
            "f.csv, line 6: 1 cells, the header has 2",
        ),
        (
            "a,b,a\n1,2,3\n",
            &all,
            "f.csv, line 1: two columns are named a",
        ),
        (
            "when,a,who\nx,1,y\nx,2,y\n",
            &all,
            "f.csv: no numbers in when, who",
        ),
        (
            "when,who\nx,y\n",
            &numeric,
            "f.csv: no numbers in when, who",
        ),
        (
            "a;b\n1;2\n3;4\n",
            &all,
            "f.csv: no numbers in a;b; the delimiter may be ';', not ','",
        ),
        (
            "when,a\nx,1\nx,oops\n",
            &numeric,
            "f.csv, line 3, column 2 (a): \"oops\" is not a number",
        ),
        (
            "1.5,2.5\n3.5,4.5\n",
            &all,
            "f.csv, line 1: numbers where the names of the columns should be",
        ),
    ];
    for (text, config, expected) in cases {
        let error = parse(text, config).expect_err(text);
        assert_eq!(error.to_string(), *expected, "{text:?}");
    }
}

#[test]
fn a_name_that_is_not_there_is_answered_with_those_that_are() {
    let error = parse("a,b\n1,2\n", &named(&["c"])).unwrap_err();
    assert_eq!(error.to_string(), "f.csv: no column c; there are a, b");
    let error = parse("a,b\n1,x\n", &named(&["b"])).unwrap_err();
    assert_eq!(error.to_string(), "f.csv: no numbers in b");
    assert!(parse("a,b\n1,2\n", &named(&[])).is_err());
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let error = parse(b"a,b\n1,\xff\xfe\n2,3\n", &TableConfig::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "f.csv, line 2, column 2 (b): the cell is not UTF-8"
    );
    assert!(parse(b"\xff\xfea\n1\n", &TableConfig::default()).is_err());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = Path::new("no/such/file.csv");
    let error = Table::read(path, &TableConfig::default()).unwrap_err();
    assert!(
        matches!(&error, Error::Io { path: p, .. } if p == path),
        "{error}"
    );
}

#[test]
fn delimiters_that_make_no_sense_are_refused() {
    for delimiter in ['"', '\n', 'é', '7'] {
        let config = TableConfig {
            delimiter,
            ..TableConfig::default()
        };
        assert!(parse("a\n1\n", &config).is_err(), "{delimiter:?}");
    }
}

#[test]
fn the_forms_that_programs_write_are_read() {
    let config = TableConfig {
        delimiter: ';',
        comment: Some('#'),
        columns: Columns::Numeric,
        minimum_rows: 2,
    };
    let text = "\u{feff}# made by hand\r\n;when; \"level\" ;2nd\r\n\
                0; x; \"1.5\" ;-1e3\r\n\r\n1; y;2 ;+.5";
    let table = parse(text, &config).unwrap();
    assert_eq!(table.names(), ["column 1", "level", "2nd"]);
    assert_eq!(table.left_out(), ["when"]);
    assert_eq!(table.column("level"), Some(&[1.5, 2.0][..]));
    assert_eq!(table.column("2nd"), Some(&[-1000.0, 0.5][..]));
    assert_eq!(table.column("when"), None);
    // Columns that are just counted are names.
    let counted = parse("0,1\n5,6\n", &TableConfig::default()).unwrap();
    assert_eq!(counted.names(), ["0", "1"]);
}

#[test]
fn chosen_columns_come_in_the_chosen_order_and_the_rest_does_not_matter() {
    let table = parse("a,b,c\n1,x,3\n4,,6\n", &named(&["c", "a"])).unwrap();
    assert_eq!(table.names(), ["c", "a"]);
    let matrix = table.to_matrix::<f32>();
    assert_eq!(matrix.shape(), (2, 2));
    assert_eq!(matrix.as_slice(), [3.0, 1.0, 6.0, 4.0]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(prop::array::uniform3(-1e300..1e300_f64), 1..20),
        windows in any::<bool>(),
    ) {
        let end = if windows { "\r\n" } else { "\n" };
        let mut text = format!("x,y,z{end}");
        for [x, y, z] in &rows {
            text += &format!("{x},{y:e},\"{z}\"{end}");
        }
        let table = parse(&text, &TableConfig::default()).unwrap();
        let written: Vec<f64> = rows.concat();
        let matrix = table.to_matrix::<f64>();
        prop_assert_eq!(matrix.as_slice(), &written[..]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ab1,;\"#\r\n .-]{0,60}", choice in 0..3_usize) {
        let columns = [Columns::All, Columns::Numeric, Columns::Named(vec!["a".into()])];
        let config = TableConfig {
            columns: columns[choice].clone(),
            comment: Some('#'),
            ..TableConfig::default()
        };
        if let Ok(table) = parse(&text, &config) {
            prop_assert!(table.to_matrix::<f64>().iter().all(|x| x.is_finite()));
            prop_assert!(table.rows() >= 1);
        }
    }
}
