//! Random programs: loops and definitions agree, before and after simplification, with gradients.

use super::samples::Maker;
use super::tests::{agree_on, given};

/// Numbers without a pattern, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// The name and the extents of a tensor.
type Shaped = (String, Vec<&'static str>);

const EXTENTS: [&str; 4] = ["B", "3", "8", "40"];

fn random_program(dice: &mut Dice) -> Maker {
    let mut maker = Maker::default();
    let mut known: Vec<Shaped> = Vec::new();
    for number in 0..3 {
        let shape: Vec<&str> = (0..=dice.below(2)).map(|_| dice.pick(&EXTENTS)).chain(["B"]).collect();
        let name = format!("p{number}");
        maker.param(&name, &shape.join(" "));
        known.push((name, shape));
    }
    for number in 0..7 {
        let axes: Vec<&str> = (0..dice.below(3)).map(|_| dice.pick(&EXTENTS)).collect();
        let kind = dice.pick(&["", "", "sum", "sum", "max", "logsumexp", "prod"]);
        let reduced: Vec<&str> =
            if kind.is_empty() { Vec::new() } else { (0..=dice.below(2)).map(|_| dice.pick(&EXTENTS)).collect() };
        let extents = [axes.as_slice(), reduced.as_slice()].concat();
        let body = formula(dice, &known, &extents, if kind == "prod" { 1 } else { 2 });
        let labels = |from: usize, extents: &[&str]| -> String {
            extents.iter().enumerate().map(|(axis, extent)| format!("l{}={extent} ", from + axis)).collect()
        };
        let reduction = if kind.is_empty() { String::new() } else { format!("{kind} {}", labels(axes.len(), &reduced)) };
        let name = format!("t{number}");
        maker.define(&name, &labels(0, &axes), &reduction, &body);
        known.push((name, axes));
    }
    let last: Vec<&Shaped> = known.iter().rev().take(3).collect();
    for (number, (name, shape)) in last.into_iter().enumerate() {
        let labels: String = (0..shape.len()).map(|axis| format!(" l{axis}")).collect();
        let over: String = shape.iter().enumerate().map(|(axis, extent)| format!(" l{axis}={extent}")).collect();
        let reduction = if shape.is_empty() { String::new() } else { format!("sum{over}") };
        maker.define(&format!("s{number}"), "", &reduction, &format!("(tanh ({name}{labels}))"));
    }
    maker.define("loss", "", "", "(+ (s0) (* (s1) (s2)))");
    maker
}

fn formula(dice: &mut Dice, known: &[Shaped], extents: &[&str], depth: usize) -> String {
    if depth == 0 || dice.below(6) == 0 {
        return leaf(dice, known, extents);
    }
    let a = formula(dice, known, extents, depth - 1);
    match dice.below(9) {
        0 => format!("(tanh {a})"),
        1 => format!("(sin {a})"),
        2 => format!("(- {a})"),
        3 => format!(
            "(where (> {a} 0.1) {} {})",
            formula(dice, known, extents, depth - 1),
            formula(dice, known, extents, depth - 1)
        ),
        4 | 5 => format!("(+ {a} {})", formula(dice, known, extents, depth - 1)),
        _ => format!("(* {a} {})", formula(dice, known, extents, depth - 1)),
    }
}

/// A read with labels of the right extents, or a number.
fn leaf(dice: &mut Dice, known: &[Shaped], extents: &[&str]) -> String {
    for _ in 0..8 {
        let (name, shape) = &known[dice.below(known.len())];
        let mut at = Vec::new();
        for axis in shape {
            let fitting: Vec<String> =
                (0..extents.len()).filter(|&label| extents[label] == *axis).map(|label| format!("l{label}")).collect();
            match fitting.len() {
                0 => break,
                count => at.push(fitting[dice.below(count)].clone()),
            }
        }
        if at.len() == shape.len() {
            return format!("({name} {})", at.join(" "));
        }
    }
    ["0.5", "-1.5", "B"][dice.below(3)].to_owned()
}

#[test]
fn random_programs_agree() {
    let mut dice = Dice(7);
    for round in 0..24 {
        let mut maker = random_program(&mut dice);
        maker.loss("loss");
        let mut program = maker.program;
        let values = given(&program, &[1 + round % 4]);
        agree_on(&program, &values);
        if round % 4 == 0 {
            crate::simplify::simplify(&mut program);
            agree_on(&program, &values);
        }
    }
}
