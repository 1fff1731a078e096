//! Integers in and out, from the data set through the trainer to the prediction.

use chainrule::Error;
use chainrule::prelude::*;
use ndarray::{Array1, Array2};

/// The class is told by the word in the middle of three.
#[network(
    input  words: [B, 3] in 0..12;
    target class: [B] in 0..4;
    x = words |> table |> flatten;
    logits = x |> out;
    output p = softmax(logits);
    output best = argmax(logits);
    loss     = cross_entropy(logits, class);
    metric accuracy = mean(argmax(logits) == class);
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub table: Embedding<12, 6, f64>,
    pub out: Dense<18, 4, f64>,
}

fn sentences(count: usize) -> (Array2<i32>, Array1<i32>) {
    let words = Array2::from_shape_fn((count, 3), |(row, place)| {
        ((row * 7 + row / 12 * 5 + place * place * 3 + row * place) % 12) as i32
    });
    let class = words.column(1).mapv(|word| word % 4);
    (words, class)
}

#[test]
fn words_are_learned() -> chainrule::Result<()> {
    let (words, class) = sentences(240);
    let data = Dataset::of("words", words)?.with("class", class)?;
    let (train, test) = data.split(0.75, 3);
    let mut net = Words::init(1);
    let history = Trainer::new(Adam::new(0.03)).epochs(25).batch_size(16).validate(&test).quiet().fit(&mut net, &train)?;
    assert_eq!(history.last("val_accuracy"), Some(1.0));
    let (words, class) = sentences(50);
    let mut workspace = Words::workspace(50);
    let outputs = net.predict(&mut workspace, &words);
    assert_eq!(outputs.best.mapv(|best| best as i32), class, "integers that are computed are floats in the outputs");
    assert_eq!(outputs.p.shape(), [50, 4]);
    Ok(())
}

#[test]
fn data_that_are_no_integers_are_refused() -> chainrule::Result<()> {
    let (words, class) = sentences(8);
    let fit = |data: Dataset| Trainer::new(Sgd::new(0.1)).quiet().fit(&mut Words::init(1), &data).expect_err("no integers");
    let reals = Dataset::of("words", words.mapv(|word| word as f32))?.with("class", class.clone())?;
    assert!(fit(reals).to_string().contains("takes integers here, but it holds reals"));
    let rows = Dataset::of("words", words.clone())?.with("class", data::one_hot(class.view(), 4)?)?;
    assert!(fit(rows).to_string().contains("`class` must have the shape [B], but has [8, 4]"));
    let beyond = Dataset::of("words", words)?.with("class", class.mapv(|class| class + 1))?;
    assert!(matches!(fit(beyond), Error::Range { .. }));
    Ok(())
}

/// The labels of the digits as they are.
#[network(
    input  x: [B, 64];
    target label: [B] in 0..10;
    logits = x |> Dense(24) |> relu |> Dense(10);
    loss     = cross_entropy(logits, label);
    metric accuracy = mean(argmax(logits) == label);
)]
pub struct Labels;

/// The same with rows of zeros and ones.
#[network(
    input  x: [B, 64];
    target t: [B, 10];
    logits = x |> Dense(24) |> relu |> Dense(10);
    loss     = cross_entropy(logits, t);
    metric accuracy = mean(argmax(logits) == argmax(t));
)]
pub struct Rows;

#[test]
fn labels_and_rows_are_learned_alike() -> chainrule::Result<()> {
    let (train, test) = data::digits()?.split(0.8, 7);
    let (mut labels, mut rows) = (Labels::init(4), Rows::init(4));
    let trainer = || Trainer::new(Adam::new(5e-3)).epochs(3).validate(&test).quiet();
    let by_labels = trainer().fit(&mut labels, &train)?;
    let by_rows = trainer().fit(&mut rows, &train)?;
    let accuracy = by_labels.last("val_accuracy").expect("an accuracy");
    assert!(accuracy > 0.9, "{accuracy}");
    let (first, second) = (by_labels.get("loss").expect("losses"), by_rows.get("loss").expect("losses"));
    assert!(first.iter().zip(&second).all(|(a, b)| (a - b).abs() < 1e-3 * b), "{first:?} {second:?}");
    Ok(())
}
