//! NumPy 2.4's generators: raw words, bounded integers, choices and permutations.

use neuropil_math::Error;
use neuropil_math::random::numpy::{Generator, RandomState};

#[test]
fn words_of_the_twister() {
    let mut words = RandomState::new(22222);
    assert_eq!(
        [(); 4].map(|()| words.next_u32()),
        [294_195_201, 1_847_582_594, 1_342_442_730, 288_109_640]
    );
    assert_eq!(RandomState::new(0).next_u32(), 2_357_136_044);
    // The last word of 10 000 from the default seed, as the C++ standard demands it of `mt19937`.
    let mut words = RandomState::new(5489);
    let last = (0..10_000).map(|_| words.next_u32()).last();
    assert_eq!(last, Some(4_123_659_995));
}

#[test]
fn words_of_pcg() {
    let first = |seed| {
        let mut words = Generator::new(seed);
        [(); 2].map(|()| words.next_u64())
    };
    assert_eq!(
        first(1111),
        [15_852_105_362_585_597_067, 12_115_427_431_398_542_507]
    );
    assert_eq!(
        first(0),
        [11_749_869_230_777_074_271, 4_976_686_463_289_251_617]
    );
    assert_eq!(
        first(1 << 32),
        [16_412_783_775_159_424_549, 10_277_383_025_879_800_780]
    );
    assert_eq!(
        first(u64::MAX),
        [12_544_278_110_101_001_871, 15_593_249_672_699_323_225]
    );
    let mut halves = Generator::new(1111);
    assert_eq!(halves.next_u32(), 15_852_105_362_585_597_067_u64 as u32);
    assert_eq!(
        halves.next_u32(),
        (15_852_105_362_585_597_067_u64 >> 32) as u32
    );
    assert_eq!(halves.next_u64(), 12_115_427_431_398_542_507);
}

#[test]
fn legacy_draws() -> Result<(), Error> {
    let mut legacy = RandomState::new(23489);
    let fractions = [(); 4].map(|()| legacy.random_sample());
    assert_eq!(
        fractions[2..],
        [0.930_825_417_124_064_5, 0.050_141_225_748_210_56]
    );
    assert_eq!(legacy.randint(-3, 1 << 40)?, 784_679_543_663);
    assert_eq!(legacy.randint(0, 6)?, 3);
    assert_eq!(legacy.distinct(9, 4)?, [1, 3, 5, 4]);
    assert_eq!(legacy.choice(&[-1, 1])?, -1);
    assert_eq!(legacy.uniform(-1.0, 3.0), 2.589_338_595_876_614_4);
    assert_eq!(RandomState::new(0).permutation(8), [6, 2, 1, 7, 3, 0, 5, 4]);
    Ok(())
}

#[test]
fn draws() -> Result<(), Error> {
    let mut modern = Generator::new(1111);
    let fractions = [(); 2].map(|()| modern.random());
    assert_eq!(
        fractions,
        [0.859_344_353_629_220_9, 0.656_778_637_085_638_7]
    );
    assert_eq!(modern.integers(-3, 1 << 40)?, 529_728_135_798);
    assert_eq!(modern.integers(0, 6)?, 3);
    assert_eq!(modern.distinct(9, 4)?, [3, 8, 6, 4]);
    assert_eq!(modern.choice(&[-1, 1, 1])?, 1);
    assert_eq!(modern.permutation(8), [4, 5, 3, 2, 7, 1, 0, 6]);
    // Beyond a fiftieth of many, and just not: two methods.
    assert_eq!(
        modern.distinct(20_000, 401)?[..4],
        [10_376, 16_745, 11_805, 1267]
    );
    assert_eq!(
        modern.distinct(20_000, 400)?[..4],
        [3985, 3404, 10_670, 3352]
    );
    assert_eq!(modern.integers(0, 1 << 32)?, 1_686_018_026);
    assert_eq!(
        modern.integers(i64::MIN, i64::MAX)?,
        -9_091_710_873_172_350_868
    );
    Ok(())
}

/// One value draws nothing; ranges of 32, 33 and 64 bits take different words.
#[test]
fn widths_of_a_range() -> Result<(), Error> {
    let mut legacy = RandomState::new(3);
    assert_eq!(legacy.randint(5, 6)?, 5);
    assert_eq!(legacy.randint(i64::MIN, i64::MAX)?, 937_055_941_807_507_096);
    assert_eq!(legacy.randint(0, (1 << 32) + 1)?, 521_102_280);
    assert_eq!(legacy.randint(0, 3)?, 0);

    let mut modern = Generator::new(3);
    assert_eq!(modern.integers(5, 6)?, 5);
    assert_eq!(
        modern.integers(i64::MIN, i64::MAX)?,
        -7_643_423_770_429_963_529
    );
    assert_eq!(modern.integers(0, (1 << 32) + 1)?, 1_017_093_381);
    assert_eq!(modern.integers(0, 1 << 32)?, 778_955_830);
    assert_eq!([modern.integers(0, 3)?, modern.integers(0, 3)?], [2, 2]);
    Ok(())
}

#[test]
fn many() -> Result<(), Error> {
    let mut legacy = RandomState::new(2);
    let order = legacy.permutation(100_000);
    assert_eq!(order[..3], [6448, 50_680, 814]);
    assert_eq!(order[99_998..], [72_173, 89_256]);
    let checksum = |(place, &number): (usize, &usize)| (place * number % 1_000_003) as u64;
    assert_eq!(
        order.iter().enumerate().map(checksum).sum::<u64>(),
        50_116_831_394
    );
    assert_eq!(legacy.randint(0, 1000)?, 149);

    let mut modern = Generator::new(2);
    assert_eq!(modern.distinct(20_000, 401)?[..3], [3472, 9553, 3793]);
    assert_eq!(modern.distinct(20_000, 400)?[..3], [2579, 1158, 17_780]);
    assert_eq!(modern.distinct(10_000, 9999)?[..3], [3661, 4990, 2428]);
    assert_eq!(modern.integers(0, 1000)?, 44);
    let mut modern = Generator::new(2);
    assert_eq!(modern.distinct(20_000, 20_000)?[..3], [10_808, 5716, 3126]);
    assert_eq!(modern.integers(0, 1000)?, 228);
    Ok(())
}

#[test]
fn nothing_to_draw_from() -> Result<(), Error> {
    let (mut legacy, mut modern) = (RandomState::new(1), Generator::new(1));
    let untouched = (legacy.clone(), modern.clone());
    for (low, high) in [(0, 0), (3, 2), (i64::MAX, i64::MIN)] {
        assert!(matches!(
            legacy.randint(low, high),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            modern.integers(low, high),
            Err(Error::OutOfRange { .. })
        ));
    }
    assert!(matches!(legacy.choice::<u8>(&[]), Err(Error::Empty { .. })));
    assert!(matches!(modern.choice::<u8>(&[]), Err(Error::Empty { .. })));
    assert!(matches!(
        legacy.distinct(3, 4),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        modern.distinct(3, 4),
        Err(Error::OutOfRange { .. })
    ));
    assert!(legacy.distinct(0, 0)?.is_empty() && modern.distinct(0, 0)?.is_empty());
    assert!(legacy.permutation(1) == [0] && modern.permutation(1) == [0]);
    assert_eq!((legacy, modern), untouched);
    Ok(())
}
