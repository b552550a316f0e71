//! The figures in the guide are the program's.

use std::path::Path;

use rotunda_bench::capacity::table;

const BEGIN: &str = "<!-- table: written by rotunda-bench capacity -->\n";
const END: &str = "<!-- end of table -->";

#[test]
fn the_table_in_the_guide_is_what_the_model_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/scaling.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, rest) = page.split_once(BEGIN).expect("the page has lost the mark before the table");
    let (told, _) = rest.split_once(END).expect("the page has lost the mark after the table");
    assert_eq!(told, table(), "run `cargo run -p rotunda-bench capacity` and put it between the marks");
}
