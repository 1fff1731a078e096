//! How a training shows where it is. Must not know of networks or data.

use std::fmt::{self, Display, Formatter};
#[cfg(feature = "progress")]
use std::io::IsTerminal;
use std::io::{Write, stdout};

use super::History;
use chainrule_math::memory::Bytes;

/// How a training shows where it is, on the standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// A bar if the output is a terminal (with the feature `progress`), else lines.
    #[default]
    Auto,
    /// A line for each epoch.
    Lines,
    /// Nothing.
    Quiet,
}

/// What there is to say before the first step.
pub(super) struct Summary {
    pub(super) network: &'static str,
    pub(super) parameters: usize,
    pub(super) parameter_bytes: usize,
    pub(super) training_bytes: usize,
    /// `("B", 128)`
    pub(super) batch: Option<(&'static str, usize)>,
    pub(super) steps: usize,
}

/// Shows progress in one of the ways. Nothing but the bar allocates.
pub(super) struct Reporter {
    progress: Progress,
    epochs: usize,
    steps: usize,
    #[cfg(feature = "progress")]
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    pub(super) fn reporter(self) -> Reporter {
        Reporter {
            progress: self,
            epochs: 0,
            steps: 0,
            #[cfg(feature = "progress")]
            bar: None,
        }
    }
}

impl Reporter {
    /// The first line.
    pub(super) fn start(&mut self, summary: &Summary, epochs: usize) {
        (self.epochs, self.steps) = (epochs, summary.steps);
        if self.progress != Progress::Quiet {
            say(format_args!("{summary}"));
        }
        #[cfg(feature = "progress")]
        if self.progress == Progress::Auto && stdout().is_terminal() {
            self.bar = Some(bar(summary.steps));
        }
    }

    /// After a step, counted from 1, of an epoch, counted from 1.
    pub(super) fn step(&self, epoch: usize, step: usize) {
        #[cfg(feature = "progress")]
        if let Some(bar) = &self.bar {
            if step == 1 {
                bar.reset();
                bar.set_prefix(Epoch { epoch, epochs: self.epochs }.to_string());
            }
            bar.set_position(step as u64);
        }
        #[cfg(not(feature = "progress"))]
        let _ = (epoch, step);
    }

    /// After an epoch.
    pub(super) fn epoch(&self, epoch: usize, history: &History) {
        if self.progress == Progress::Quiet {
            return;
        }
        let drawn = if self.stop() { "████████████████████ " } else { "" };
        let (position, time) = (Epoch { epoch, epochs: self.epochs }, Time(history.seconds().last().copied().unwrap_or(0.0)));
        let (steps, values) = (self.steps, Values(history));
        say(format_args!("{position} {drawn}{steps}/{steps}  {time}{values}"));
    }

    /// Takes the bar away; whether there was one.
    pub(super) fn stop(&self) -> bool {
        #[cfg(feature = "progress")]
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            return true;
        }
        false
    }
}

#[cfg(feature = "progress")]
fn bar(steps: usize) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::with_draw_target(Some(steps as u64), indicatif::ProgressDrawTarget::stdout());
    // The template is a constant, so this cannot fail; the default style is there if it does.
    if let Ok(style) = indicatif::ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len}") {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏░"));
    }
    bar
}

/// Prints a line. An output that nobody reads any more does not end a training.
fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(stdout().lock(), "{line}");
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (parameters, own, training) = (Thousands(self.parameters), Bytes(self.parameter_bytes), Bytes(self.training_bytes));
        write!(f, "{}  {parameters} parameters  {own}   training memory {training}", self.network)?;
        if let Some((name, size)) = self.batch {
            write!(f, " for {name} = {size}")?;
        }
        f.write_str(", nothing allocated after this line")
    }
}

/// `epoch  1/20`
struct Epoch {
    epoch: usize,
    epochs: usize,
}

impl Display for Epoch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width = self.epochs.checked_ilog10().unwrap_or(0) as usize + 1;
        write!(f, "epoch {:>width$}/{}", self.epoch, self.epochs)
    }
}

/// The values of the last epoch, those of the validation a little apart.
struct Values<'a>(&'a History);

impl Display for Values<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = self.0.row(self.0.epochs().saturating_sub(1));
        for (position, (name, value)) in self.0.names().zip(row).enumerate() {
            let space = if position == 0 || name == "val_loss" { "   " } else { "  " };
            if *value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
                write!(f, "{space}{name} {value:.3e}")?;
            } else {
                write!(f, "{space}{name} {value:.4}")?;
            }
        }
        Ok(())
    }
}

/// `9,610`
struct Thousands(usize);

impl Display for Thousands {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 { write!(f, "{}", self.0) } else { write!(f, "{},{:03}", Self(self.0 / 1000), self.0 % 1000) }
    }
}

/// `0.9 ms`
struct Time(f64);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 < 1.0 { write!(f, "{:.1} ms", 1e3 * self.0) } else { write!(f, "{:.2} s", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_for_people() {
        let shown = [0, 999, 1000, 9_610, 1_000_007].map(|number| Thousands(number).to_string());
        assert_eq!(shown, ["0", "999", "1,000", "9,610", "1,000,007"]);
        assert_eq!([0.0009, 2.5].map(|seconds| Time(seconds).to_string()), ["0.9 ms", "2.50 s"]);
        assert_eq!(Epoch { epoch: 1, epochs: 20 }.to_string(), "epoch  1/20");
    }

    #[test]
    fn an_epoch_is_one_line_of_names_and_numbers() {
        let names = ["loss", "accuracy", "val_loss", "val_accuracy"].map(str::to_owned).to_vec();
        let mut history = History::new(names, 1);
        history.push(&[1.92838, 0.5574, 1.3951, 0.825], 1e-3, 0.1);
        assert_eq!(Values(&history).to_string(), "   loss 1.9284  accuracy 0.5574   val_loss 1.3951  val_accuracy 0.8250");
    }

    #[test]
    fn the_first_line_says_how_large_everything_is() {
        let mut summary = Summary {
            network: "Digits",
            parameters: 9_610,
            parameter_bytes: 38_440,
            training_bytes: 236_544,
            batch: Some(("B", 128)),
            steps: 12,
        };
        let line = "Digits  9,610 parameters  37.5 KiB   training memory 231 KiB for B = 128, nothing allocated after this line";
        assert_eq!(summary.to_string(), line);
        summary.batch = None;
        assert!(summary.to_string().contains("training memory 231 KiB, nothing"));
    }
}
