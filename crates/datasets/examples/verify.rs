//! Checks a published set of images in a folder against the recorded sums:
//! `cargo run -p neuropil-datasets --example verify -- mnist data/mnist`.

use std::path::Path;
use std::process::ExitCode;

use neuropil_datasets::ImageSet;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let set = match &arguments[..] {
        [name, _] => ImageSet::ALL.into_iter().find(|set| set.name() == name),
        _ => None,
    };
    let Some(set) = set else {
        let names: Vec<_> = ImageSet::ALL.iter().map(|set| set.name()).collect();
        eprintln!("usage: verify {} FOLDER", names.join("|"));
        return ExitCode::from(2);
    };
    match set.load_from(Path::new(&arguments[1])) {
        Ok(data) => {
            println!(
                "{}: {} + {} images, all sums agree",
                set.name(),
                data.train.len(),
                data.test.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
