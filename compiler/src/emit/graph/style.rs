//! Colours and fonts, for light and for dark surroundings. It must not know what is drawn.

use super::Kind;
use super::boxes::Class;

/// The colours of a surrounding: of the paper, of text, of faint text, of lines, of values, of gradients, of other steps.
struct Colours {
    paper: &'static str,
    ink: &'static str,
    faint: &'static str,
    line: &'static str,
    value: &'static str,
    gradient: &'static str,
    step: &'static str,
    /// The inside and the border of the box of each kind.
    boxes: [(&'static str, &'static str); 9],
}

/// The kinds in the order of the legend.
pub const KINDS: [Kind; 9] = [
    Kind::Input,
    Kind::Target,
    Kind::Parameter,
    Kind::State,
    Kind::Definition,
    Kind::Output,
    Kind::Metric,
    Kind::Update,
    Kind::Loss,
];

const LIGHT: Colours = Colours {
    paper: "#ffffff",
    ink: "#1b1f24",
    faint: "#57606a",
    line: "#424a53",
    value: "#116329",
    gradient: "#b3261e",
    step: "#6639ba",
    boxes: [
        ("#e7f1fd", "#3572b0"),
        ("#fdf0e1", "#b06a1c"),
        ("#fdf6d8", "#9a7a12"),
        ("#efe8fb", "#7a55b8"),
        ("#f6f8fa", "#8c959f"),
        ("#e3f5ea", "#2f855a"),
        ("#e4f4f5", "#2b7a83"),
        ("#efe8fb", "#7a55b8"),
        ("#fdeaea", "#b3403a"),
    ],
};

const DARK: Colours = Colours {
    paper: "#12161c",
    ink: "#e6edf3",
    faint: "#9aa6b2",
    line: "#aeb9c4",
    value: "#6fdd8b",
    gradient: "#ff8f87",
    step: "#c4a7ff",
    boxes: [
        ("#14263b", "#5a9be0"),
        ("#33230f", "#d99a4e"),
        ("#302a0e", "#cdb14a"),
        ("#261d3a", "#a98be0"),
        ("#1c222a", "#6b7681"),
        ("#10291c", "#58b384"),
        ("#0f282b", "#58aab3"),
        ("#261d3a", "#a98be0"),
        ("#361718", "#e07f79"),
    ],
};

/// The class of the box of a kind.
pub fn class(kind: Kind) -> &'static str {
    kind.word()
}

/// The class of a drawing: its style reaches nothing else in the page that it stands in.
pub const SCOPE: &str = "chainrule-graph";

/// The style sheet of a drawing.
pub fn sheet() -> String {
    let dark = format!("@media (prefers-color-scheme:dark){{{}}}", scoped(&colours(&DARK)));
    scoped(&looks()) + &scoped(&colours(&LIGHT)) + &dark
}

/// Rules for what is within a drawing alone.
fn scoped(rules: &str) -> String {
    let rule = |rule: &str| {
        let (selectors, look) = rule.split_once('{')?;
        let selectors: Vec<String> = selectors.split(',').map(|one| format!(".{SCOPE} {one}")).collect();
        Some(format!("{}{{{look}}}", selectors.join(",")))
    };
    rules.split('}').filter_map(rule).collect()
}

/// All that does not depend on the surrounding.
fn looks() -> String {
    let mut sheet = String::from("text{font-family:'DejaVu Sans',Verdana,'Segoe UI',Helvetica,Arial,sans-serif}");
    for class in [
        Class::Tag,
        Class::Name,
        Class::Shape,
        Class::Formula,
        Class::Value,
        Class::Gradient,
        Class::Slope,
        Class::Partial,
        Class::Step,
        Class::Title,
        Class::Note,
    ] {
        let bold = if matches!(class, Class::Name | Class::Title) { ";font-weight:bold" } else { "" };
        sheet.push_str(&format!(".{}{{font-size:{}px{bold}}}", class.name(), class.size()));
    }
    sheet.push_str(
        ".edge{fill:none;stroke-width:1.4}.flow{fill:none;stroke-width:1.2;stroke-dasharray:4 3}.box{stroke-width:1.3}",
    );
    sheet.push_str(".loss.box{stroke-width:2.2}.target.box,.state.box,.update.box{stroke-dasharray:5 3}");
    sheet.push_str(".rule{stroke-width:0.8}");
    sheet
}

fn colours(colours: &Colours) -> String {
    let Colours { paper, ink, faint, line, value, gradient, step, boxes } = colours;
    let mut sheet = format!(
        ".paper{{fill:{paper}}}text{{fill:{ink}}}.tag,.shape,.note{{fill:{faint}}}.value{{fill:{value}}}\
         .gradient,.slope,.partial{{fill:{gradient}}}.step{{fill:{step}}}\
         .edge{{stroke:{line}}}.head{{fill:{line}}}.flow{{stroke:{gradient}}}.flowhead{{fill:{gradient}}}\
         .circle{{stroke:{step}}}.circlehead{{fill:{step}}}.rule{{stroke:{gradient}}}"
    );
    for (kind, (inside, border)) in KINDS.iter().zip(boxes) {
        sheet.push_str(&format!(".{}.box{{fill:{inside};stroke:{border}}}", class(*kind)));
    }
    sheet
}
