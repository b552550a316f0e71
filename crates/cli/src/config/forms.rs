//! What form each value has, as JSON Schema has it: for editors, and for the reference of all keys. The title is what people read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::limits::Rate;
use super::values::{Choice, Chosen, List, Period, Ratio, Schedule, Spanned, Switch, Whole, Window};

/// Durations as `duration.rs` reads them: the larger units first, none twice.
const DURATION: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

/// The form of a type without parameters.
macro_rules! form {
    ($type:ident, $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

form!(
    List,
    json_schema!({
        "title": "a list of texts, or one text with commas",
        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
    })
);
form!(Switch, json_schema!({"title": "`true` or `false`", "type": "boolean"}));
form!(Ratio, json_schema!({"title": "a number from 0 to 1", "type": "number", "minimum": 0, "maximum": 1}));
form!(Period, json_schema!({"title": "a duration", "type": "string", "pattern": DURATION, "minLength": 2}));
form!(
    Window,
    json_schema!({"title": "a duration up to `60s`", "type": "string", "pattern": DURATION, "minLength": 2})
);
form!(
    Schedule,
    json_schema!({
        "title": "a duration, or `never`",
        "anyOf": [{"type": "string", "pattern": DURATION, "minLength": 2}, {"const": "never"}],
    })
);
form!(
    Rate,
    json_schema!({
        "title": "a limit",
        "type": "string",
        "pattern": "^ *[0-9]+ *, *[0-9]+ */ *[smh] *$",
    })
);

impl<const LEAST: u32, const MOST: u32> JsonSchema for Whole<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{LEAST}_{MOST}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let title = format!("a whole number from {LEAST} to {MOST}");
        json_schema!({"title": title, "type": "integer", "minimum": LEAST, "maximum": MOST})
    }
}

impl<T: Choice> JsonSchema for Chosen<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Chosen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let title = match quoted.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => quoted.concat(),
        };
        json_schema!({"title": title, "type": "string", "enum": words})
    }
}

/// That of the value itself.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
