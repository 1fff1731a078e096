//! A two-layer transformer (`examples/models/poet.nn`) learns a sonnet by heart and continues its first words.

use chainrule::ndarray::Array2;
use chainrule::prelude::*;
use chainrule::schedule::{Cosine, Warmup};

#[network(file = "../models/poet.nn")]
#[derive(Clone, Debug, PartialEq)]
pub struct Poet;

/// William Shakespeare, Sonnet 18 (1609).
const SONNET: &str = "shall i compare thee to a summer's day?
thou art more lovely and more temperate:
rough winds do shake the darling buds of may,
and summer's lease hath all too short a date;
sometime too hot the eye of heaven shines,
and often is his gold complexion dimm'd;
and every fair from fair sometime declines,
by chance or nature's changing course untrimm'd;
but thy eternal summer shall not fade,
nor lose possession of that fair thou ow'st;
nor shall death brag thou wander'st in his shade,
when in eternal lines to time thou grow'st:
so long as men can breathe or eyes can see,
so long lives this, and this gives life to thee.
";

/// How many letters it sees at once.
const SEEN: usize = 48;
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz '\n?:;";

/// The number of a letter; what is not in the list (a comma) is written as a space.
fn number(letter: char) -> i32 {
    LETTERS.find(letter).map_or(26, |at| i32::try_from(at).unwrap_or(26))
}

fn main() -> chainrule::Result<()> {
    let text: Vec<i32> = SONNET.chars().map(number).collect();
    let windows = text.len() - SEEN;
    let rows = |from: usize| Array2::from_shape_fn((windows, SEEN), |(window, at)| text[window + at + from]);
    let data = Dataset::new(rows(0), rows(1))?;

    let mut poet = Poet::init(5);
    let (epochs, batch) = (14, 16);
    let span = epochs * windows.div_ceil(batch) as u64;
    let schedule = Warmup { span: 20, then: Cosine { initial: 3e-3, last: 1e-4, span } };
    let trainer = Trainer::new(AdamW::default()).schedule(schedule).clip_norm(1.0);
    let history = trainer.epochs(epochs as usize).batch_size(batch).fit(&mut poet, &data)?;
    println!("loss {:.3} nats for each letter\n", history.last("loss").unwrap_or(f64::NAN));

    let mut written: Vec<i32> = text[..SEEN].to_vec();
    let mut workspace = Poet::workspace(1, SEEN);
    for _ in 0..200 {
        let seen = Array2::from_shape_fn((1, SEEN), |(_, at)| written[written.len() - SEEN + at]);
        let p = poet.predict(&mut workspace, &seen);
        let best = (0..LETTERS.len()).max_by(|&a, &b| p[[0, SEEN - 1, a]].total_cmp(&p[[0, SEEN - 1, b]]));
        written.push(i32::try_from(best.unwrap_or(26)).unwrap_or(26));
    }
    let letters: Vec<char> = LETTERS.chars().collect();
    let text: String = written.iter().map(|&number| letters[usize::try_from(number).unwrap_or(26)]).collect();
    println!("{text}");
    Ok(())
}
