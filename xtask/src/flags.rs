//! The command line.

use std::path::PathBuf;

use crate::release::Level;

xflags::xflags! {
    /// The chores of this workspace. Without arguments, a short list of them.
    cmd xtask {
        /// All checks, fastest first: what every change must pass.
        cmd ci {
            /// Run only the steps of these names.
            repeated step: String
            /// Run the other steps too after one has failed.
            optional --keep-going
        }

        /// Write the generated files: crate READMEs, licence copies, tables between markers.
        cmd codegen {
            /// Write nothing, fail on a file that is out of date.
            optional --check
        }

        /// Run the tests of the workspace, or of one crate.
        cmd test {
            /// The crate, such as `math`.
            optional name: String
            /// Also the tests that are marked as slow (ignored).
            optional --slow
        }

        /// Run the criterion groups of every crate, or of one.
        cmd bench {
            /// The crate, such as `math`.
            optional name: String
            /// Only benchmarks whose name contains this.
            optional filter: String
        }

        /// Measure beside the pinned Python peers (in an environment under the target folder).
        cmd peers {
            /// The crate, such as `math`.
            optional name: String
            /// Few repeats.
            optional --quick
            /// Only list the comparisons.
            optional --list
            /// Write the results to where the book reads them.
            optional --update
        }

        /// Reproduce published results; without names the short set.
        cmd reproduce {
            /// Experiments, such as `ngrc-lorenz63`.
            repeated name: String
            /// Only list the experiments.
            optional --list
            /// Full size.
            optional --full
            /// Write results and figures to where the book reads them.
            optional --update
        }

        /// Build the site: the API documentation and the book.
        cmd docs {
            /// Show it in the browser.
            optional --open
        }

        /// Put a data set where the readers look for it.
        cmd data {
            /// The data set, such as `mnist`.
            required name: String
            /// Take the files from this folder instead of the network.
            optional --from dir: PathBuf
        }

        /// Prepare a release: patch, minor or major. Changes nothing without --execute.
        cmd release {
            /// patch, minor or major.
            required level: Level
            /// Commit, tag and publish.
            optional --execute
            /// Leave out the checks of `ci`. Refused together with --execute.
            optional --skip-ci
        }
    }
}

/// What `cargo xtask` prints without arguments.
pub(crate) const USAGE: &str = "\
The chores of this workspace.

usage: cargo xtask COMMAND [OPTIONS]

  ci [STEP...] [--keep-going]                all checks, fastest first
  codegen [--check]                          write (or check) the generated files
  test [CRATE] [--slow]                      tests, slow ones too
  bench [CRATE] [FILTER]                     criterion benchmarks
  peers [CRATE] [--quick] [--list] [--update]
                                             side by side with the Python peers
  reproduce [NAME...] [--list] [--full] [--update]
                                             published results, ours beside the paper's
  docs [--open]                              API documentation and book in target/site
  data NAME [--from DIR]                     fetch a data set
  release patch|minor|major [--execute]      rehearse a release, or make it

CRATE is a folder of crates/, such as math. `cargo xtask --help` tells more.
";
