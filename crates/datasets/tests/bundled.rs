//! The bundled sets are the ones that were put in.

use neuropil_datasets::{
    co2_monthly, co2_weekly, digits, linear_track, sunspots_monthly, sunspots_yearly,
};
use sha2::{Digest, Sha256};

#[test]
fn the_files_are_those_of_the_record() {
    let files = [
        (
            "co2-weekly.csv",
            "5f9a7827fd527417caa2d940a2d60c34fdd49719f294634d818477c923a83d7e",
        ),
        (
            "digits-images-idx3-ubyte.gz",
            "c41c947a1014aa9bb82e371b01f16724f9ef929893351173edcc47aa0fc03930",
        ),
        (
            "digits-labels-idx1-ubyte.gz",
            "147c9192405199869317e6d9c62ea444f9770c3f8c6dd65035ba3a3690cc5460",
        ),
        (
            "linear-track.safetensors",
            "2b25ec08ee807eee2e8a394c16f0618390105adbec6ab9706dff656bbe35ccf5",
        ),
        (
            "sunspots-monthly.csv",
            "4284c5109bd1cc32e634fd091d10e54258bf0e88eb0ccea6859cd6194559bf0e",
        ),
        (
            "sunspots-yearly.csv",
            "74b8e3acb9886b68abe9c56f6081257d522e2cb2470f17dbf597b396f4ea1706",
        ),
    ];
    for (name, expected) in files {
        let path = format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"));
        let sum = Sha256::digest(std::fs::read(path).unwrap());
        let found: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn digits_are_those_of_scikit_learn() {
    let digits = digits().unwrap();
    assert_eq!(
        (digits.len(), digits.size(), digits.white()),
        (1797, (8, 8), 16)
    );
    assert_eq!(digits.image(0).unwrap()[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
    // Of `load_digits`: the sum of all pixels, and how many there are of each digit.
    let sum: u64 = digits.pixels().iter().map(|&p| u64::from(p)).sum();
    assert_eq!(sum, 561_718);
    let mut counts = [0; 10];
    digits
        .labels()
        .iter()
        .for_each(|&l| counts[usize::from(l)] += 1);
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let scaled = digits.scaled::<f32>();
    assert_eq!(scaled.shape(), (64, 1797));
    assert!(scaled.max() == 1.0 && scaled.min() == 0.0);
}

#[test]
fn sunspots_of_the_months_average_to_those_of_the_years() {
    let (yearly, monthly) = (sunspots_yearly().unwrap(), sunspots_monthly().unwrap());
    assert_eq!(yearly.values().len(), 309);
    assert_eq!(monthly.values().len(), 12 * 260);
    let first = yearly.times().iter().position(|&t| t == 1749.0).unwrap();
    let years = &yearly.values()[first..];
    for (months, year) in monthly.values().chunks(12).zip(years) {
        let mean = months.iter().sum::<f64>() / 12.0;
        // The two tables were rounded, and some early years revised, apart from each other.
        assert!((mean - year).abs() < 0.45, "{mean} {year}");
    }
    assert!(
        monthly
            .times()
            .windows(2)
            .all(|t| (t[1] - t[0] - 1.0 / 12.0).abs() < 1e-9)
    );
    assert_eq!(yearly.to_matrix::<f64>().shape(), (1, 309));
}

#[test]
fn carbon_dioxide_rises_and_breathes() {
    let (weekly, monthly) = (co2_weekly().unwrap(), co2_monthly().unwrap());
    assert!(
        weekly
            .times()
            .windows(2)
            .all(|t| (t[1] - t[0] - 7.0 / 365.25).abs() < 1e-4)
    );
    assert_eq!((weekly.times().len(), weekly.filled().len()), (2284, 59));
    assert_eq!(weekly.values()[6], 317.2, "between 316.9 and 317.5");
    for series in [&weekly, &monthly] {
        assert!(series.values().iter().all(|v| (310.0..380.0).contains(v)));
        let n = series.values().len();
        assert!(series.values()[n - 1] > series.values()[0] + 50.0);
    }
    // As `co2.resample("MS").mean()` of pandas has it; June 1958 has no measured week.
    let expected = [316.1, 317.2, 317.433_333_333_333_3, f64::NAN, 315.625];
    for (i, (found, expected)) in monthly.values().iter().zip(expected).enumerate() {
        assert_eq!(monthly.filled().contains(&i), expected.is_nan());
        assert!(
            expected.is_nan() || (found - expected).abs() < 1e-9,
            "{found} {expected}"
        );
    }
    assert_eq!((monthly.values().len(), monthly.filled().len()), (526, 5));
    assert!(
        monthly
            .times()
            .windows(2)
            .all(|t| (t[1] - t[0] - 1.0 / 12.0).abs() < 1e-9)
    );
    // Every year since 1965 is highest in April to June.
    for year in 1965..2001 {
        let start = (year - 1958) * 12 - 2;
        let months = &monthly.values()[start..start + 12];
        let highest = (0..12)
            .max_by(|&a, &b| months[a].total_cmp(&months[b]))
            .unwrap();
        assert!((3..6).contains(&highest), "{year}: {highest}");
    }
}

#[test]
fn the_rat_is_all_there() {
    let rat = linear_track().unwrap();
    let spikes: usize = (0..rat.units()).map(|u| rat.spikes(u).unwrap().len()).sum();
    assert_eq!((rat.units(), spikes), (31, 14_597));
    assert_eq!(rat.spikes(31), None);
    assert_eq!(rat.times().len(), rat.positions().len());
    let seconds = rat.times()[rat.times().len() - 1] - rat.times()[0];
    assert!((seconds - 929.99).abs() < 0.01, "{seconds}");
}
