//! Orders whose costs are known.

use super::order::{Contraction, Tree};

/// A chain of matrices: the first is lengths[0] x lengths[1], the next one lengths[1] x lengths[2], and so on.
fn matrices(lengths: &[f64]) -> Contraction {
    let factors = (1..lengths.len()).map(|right| 0b11 << (right - 1)).collect();
    Contraction { factors, free: 1 | 1 << (lengths.len() - 1), lengths: lengths.to_vec() }
}

fn operations(contraction: &Contraction, tree: &Tree) -> f64 {
    match tree {
        Tree::Factor(_) => 0.0,
        Tree::Product(left, right) => {
            let labels = contraction.kept(left.members()) | contraction.kept(right.members());
            let all = (0..contraction.lengths.len()).filter(|label| labels & (1 << label) != 0);
            let here: f64 = all.map(|label| contraction.lengths[label]).product();
            here + operations(contraction, left) + operations(contraction, right)
        }
    }
}

/// T. Cormen, C. Leiserson, R. Rivest and C. Stein, Introduction to Algorithms, section 15.2: 15,125 multiplications,
/// ((A1 (A2 A3)) ((A4 A5) A6)).
#[test]
fn a_chain_of_six_matrices() {
    let chain = matrices(&[30.0, 35.0, 15.0, 5.0, 10.0, 20.0, 25.0]);
    assert_eq!(operations(&chain, &chain.best().0), 15_125.0);
}

#[test]
fn a_product_of_two_costs_what_one_loop_costs() {
    let product = matrices(&[7.0, 5.0, 3.0]);
    assert_eq!(product.best().1, product.at_once());
    assert_eq!(product.best().1, 2.0 * 7.0 * 5.0 * 3.0);
}

#[test]
fn a_label_of_one_factor_is_summed_alone() {
    // Σ_k Σ_l a[i, k, l] b[l, j]: k is summed before.
    let contraction = Contraction { factors: vec![0b1101, 0b1010], free: 0b11, lengths: vec![20.0, 30.0, 40.0, 50.0] };
    let alone = 20.0 * 40.0 * 50.0 + super::order::STORED * 20.0 * 50.0;
    assert_eq!(contraction.best().1, alone + 2.0 * 20.0 * 30.0 * 50.0);
}

#[test]
fn many_factors_are_ordered_greedily() {
    let lengths: Vec<f64> = (0..20).map(|label| if label % 5 == 0 { 2.0 } else { 50.0 }).collect();
    let chain = matrices(&lengths);
    let (tree, cost) = chain.best();
    assert_eq!(tree.members(), chain.all());
    let from_the_left = (1..19).map(|label| lengths[0] * lengths[label] * lengths[label + 1]).sum::<f64>();
    assert!(cost.is_finite() && operations(&chain, &tree) <= 1.5 * from_the_left);
}
