//! Generated code as text. It must not know what the code does.

use super::scope::Remarks;
use proc_macro2::TokenStream;

/// The text of a file, with its remarks as comments.
pub fn text(tokens: TokenStream, remarks: &Remarks) -> Result<String, String> {
    let file = syn::parse2(tokens).map_err(|error| format!("the generated code does not parse: {error}"))?;
    let remarks = remarks.borrow();
    let mut text = String::new();
    let mut previous = String::new();
    for line in prettyplease::unparse(&file).lines() {
        if ends_item(&previous) && begins_item(line) {
            text.push('\n');
        }
        line.clone_into(&mut previous);
        match remark_in(line, &remarks) {
            Some((indent, remark)) => {
                for part in remark.lines() {
                    text.push_str(&format!("{indent}// {part}\n"));
                }
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Ok(text)
}

/// The remark that a line stands for, with its indentation.
fn remark_in<'a>(line: &'a str, remarks: &'a [String]) -> Option<(&'a str, &'a str)> {
    let code = line.trim_start();
    let number = code.strip_prefix("chainrule_remark!(")?.strip_suffix(");")?;
    let remark = remarks.get(number.parse::<usize>().ok()?)?;
    Some((&line[..line.len() - code.len()], remark))
}

/// Whether an item, or a function within one, ends on this line.
fn ends_item(line: &str) -> bool {
    matches!(line, "}" | "};" | "    }" | ")]") || !line.starts_with(' ') && line.ends_with(';')
}

/// Whether an item, or a function within one, begins on this line.
fn begins_item(line: &str) -> bool {
    let depth = line.len() - line.trim_start().len();
    let words = ["///", "#[", "pub ", "fn ", "impl ", "unsafe ", "struct ", "chainrule_remark"];
    depth <= 4 && words.iter().any(|word| line.trim_start().starts_with(word))
}
