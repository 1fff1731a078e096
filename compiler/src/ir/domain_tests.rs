//! What domains tell is true for all sizes that requirements allow, and it is told where it must be known.

use super::*;

fn size(number: u32) -> Extent {
    Extent::size(SizeId(number))
}

fn number(value: i64) -> Extent {
    Extent::constant(value)
}

/// Extents in two sizes, as programs have them.
fn extents() -> Vec<Extent> {
    let (n, k) = (size(0), size(1));
    let half = |extent: &Extent| extent.quotient(2).unwrap();
    let lengths = [
        n.clone(),
        k.clone(),
        n.plus_constant(-2),
        k.plus_constant(-4),
        n.minus(&k),
        n.minus(&k).plus_constant(1),
        half(&n).plus_constant(-2),
        half(&n.plus_constant(-1)).minus(&k),
        n.times(&number(3)).plus_constant(-10),
        number(7).minus(&n),
        k.minus(&n.times(&number(2))),
        n.times(&k).plus_constant(-12),
    ];
    let products = (0..lengths.len()).flat_map(|one| (one..lengths.len()).map(move |other| [one, other]));
    let products: Vec<Extent> = products.map(|[one, other]| lengths[one].times(&lengths[other])).collect();
    lengths.iter().chain(&products).cloned().collect()
}

#[test]
fn nothing_is_told_that_is_not_true() {
    let extents = extents();
    let mut told = 0;
    for (one, first) in extents.iter().enumerate().take(20) {
        for second in extents.iter().skip(one).step_by(7) {
            let domain = Domain::of([first, second]);
            let all = (1..24).flat_map(|n| (1..24).map(move |k| [n, k]));
            let allowed: Vec<[usize; 2]> =
                all.filter(|sizes| [first, second].iter().all(|slack| slack.value(sizes) >= 0)).collect();
            for extent in &extents {
                for least in [-3, 0, 1, 2] {
                    if domain.is_at_least(extent, least) {
                        told += usize::from(!extent.is_at_least(least));
                        let wrong = allowed.iter().find(|sizes| extent.value(&sizes[..]) < least);
                        assert_eq!(
                            wrong, None,
                            "{extent:?} is not at least {least} where {first:?} and {second:?} are not negative"
                        );
                    }
                }
            }
        }
    }
    assert!(told > 1000, "{told}");
}

#[test]
fn lengths_of_windows_are_not_negative() {
    let (n, k) = (size(0), size(1));
    let told = |slacks: &[&Extent], extent: &Extent, least: i64| Domain::of(slacks.iter().copied()).is_at_least(extent, least);
    let length = n.plus_constant(-2);
    assert!(!told(&[], &length, 0));
    assert!(told(&[&length], &length.times(&number(50)), 0));
    assert!(!told(&[&length], &length, 1));
    // The strides of an image whose sides are windows of halves.
    let side = |of: &Extent| of.quotient(2).unwrap().plus_constant(-3);
    let [high, wide] = [side(&n), side(&k)];
    let [has_rows, has_columns] = [high.plus_constant(-1), wide.plus_constant(-1)];
    assert!(told(&[&has_rows, &has_columns], &high.times(&wide).times(&number(32)), 32));
    assert!(!told(&[&has_rows], &high.times(&wide), 0));
    // What is required first says less than what comes later.
    let four = n.plus_constant(-4);
    assert!(told(&[&length, &four], &four, 0) && told(&[&four, &length], &four, 0));
    // One size is as large as the other.
    let rest = n.minus(&k);
    assert!(told(&[&rest], &rest.plus_constant(1).times(&k), 1));
    assert!(told(&[&rest], &n, 1) && !told(&[&rest], &n, 2));
}
