//! The two declarations: a section of settings, and a choice between a few words.

/// Declares a section: a typed struct, its description, and its defaults.
///
/// ```
/// use std::time::Duration;
/// config::section! {
///     /// How long things wait.
///     pub struct Waiting as "waiting" {
///         /// The longest wait.
///         #[runtime] #[check(not_zero)]
///         longest: Duration = "10s",
///         /// Where complaints go, if anywhere.
///         complaints: Option<String> = none,
///         /// What they are signed with.
///         #[secret]
///         key: config::Secret = "",
///     }
/// }
/// fn not_zero(span: &Duration) -> Result<(), String> {
///     if span.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(()) }
/// }
/// assert_eq!(Waiting::default().longest, Duration::from_secs(10));
/// assert_eq!(Waiting::SECTION.fields[0].default, "\"10s\"");
/// ```
///
/// Every field needs a doc comment and a default, which is TOML text or `none`. `#[runtime]` lets it change while the
/// server runs, `#[secret]` hides it, `#[check(path)]` names a `fn(&T) -> Result<(), String>`. After the struct may come
/// `check = path;`, a `fn(&Settings) -> Vec<Mistake>` that may look at other sections.
#[macro_export]
macro_rules! section {
    (@text doc = $text:literal) => { concat!($text, "\n") };
    (@text $($other:tt)*) => { "" };
    (@runtime runtime) => { true };
    (@runtime $($other:tt)*) => { false };
    (@secret secret) => { true };
    (@secret $($other:tt)*) => { false };
    (@known doc = $text:literal) => {};
    (@known runtime) => {};
    (@known secret) => {};
    (@known check($check:path)) => {};
    (@known $($other:tt)*) => {
        compile_error!(concat!("a setting can be runtime, secret or check(path), not ", stringify!($($other)*)));
    };
    (@check $value:ident check($check:path)) => { $check($value)?; };
    (@check $value:ident $($other:tt)*) => {};
    (@cross) => { |_| ::std::vec::Vec::new() };
    (@cross $check:path) => { $check };

    (
        $(#[doc = $about:literal])+
        $vis:vis struct $name:ident as $key:literal {
            $( $(#[$($attr:tt)*])* $field:ident : $kind:ty = $default:expr ),* $(,)?
        }
        $(check = $cross:path;)?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone)]
        $vis struct $name {
            $( #[doc = concat!($($crate::section!(@text $($attr)*)),*)] pub $field: $kind, )*
        }

        $($($crate::section! { @known $($attr)* })*)*

        impl $name {
            pub const SECTION: $crate::Section = $crate::Section {
                name: $key,
                help: concat!($($about, "\n"),+),
                fields: &[$( $crate::Field {
                    name: stringify!($field),
                    help: concat!($($crate::section!(@text $($attr)*)),*),
                    default: stringify!($default),
                    runtime: false $(|| $crate::section!(@runtime $($attr)*))*,
                    secret: <$kind as $crate::Setting>::SECRET $(|| $crate::section!(@secret $($attr)*))*,
                    echo: <$kind as $crate::Setting>::ECHO && !(false $(|| $crate::section!(@secret $($attr)*))*),
                    kind: <$kind as $crate::Setting>::kind,
                    from_value: |value| $crate::parsed::<$kind>(
                        <$kind as $crate::Setting>::from_value(value),
                        <$kind as $crate::Setting>::SECRET $(|| $crate::section!(@secret $($attr)*))*,
                        |_value| { $($crate::section! { @check _value $($attr)* })* Ok(()) },
                    ),
                    from_text: |text| $crate::parsed::<$kind>(
                        <$kind as $crate::Setting>::from_text(text),
                        <$kind as $crate::Setting>::SECRET $(|| $crate::section!(@secret $($attr)*))*,
                        |_value| { $($crate::section! { @check _value $($attr)* })* Ok(()) },
                    ),
                } ),*],
                check: $crate::section!(@cross $($cross)?),
                type_id: ::std::any::TypeId::of::<$name>,
                build: |slots| ::std::sync::Arc::new($name { $( $field: slots.get::<$kind>(stringify!($field)), )* }),
            };
        }

        impl $crate::Typed for $name {
            const DESCRIPTION: &'static $crate::Section = &$name::SECTION;
        }

        impl ::std::default::Default for $name {
            fn default() -> Self {
                let made = $crate::Slots::defaults(<Self as $crate::Typed>::DESCRIPTION);
                made.downcast_ref::<Self>().expect("the section builds its own struct").clone()
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), &format_args!("{}", $crate::Setting::shown(&self.$field)
                        .as_str().filter(|_| !(false $(|| $crate::section!(@secret $($attr)*))*))
                        .map_or_else(
                            || if false $(|| $crate::section!(@secret $($attr)*))* { "[secret]".to_owned() }
                               else { $crate::Setting::shown(&self.$field).to_string() },
                            |text| format!("{text:?}")))) )*
                    .finish()
            }
        }
    };
}

/// Declares a small enum that is a setting.
///
/// ```
/// config::choice! {
///     /// How loud it is.
///     pub enum Loudness { #[default] Quiet = "quiet", Loud = "loud" }
/// }
/// assert_eq!(Loudness::Loud.as_str(), "loud");
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[doc = $about:literal])+
        $vis:vis enum $name:ident { $( $(#[$attr:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        $vis enum $name { $( $(#[$attr])* $variant ),+ }

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::Setting for $name {
            fn kind() -> $crate::Kind {
                $crate::Kind::words(Self::WORDS)
            }

            fn from_value(value: &$crate::Value) -> ::std::result::Result<Self, ::std::string::String> {
                match value.as_str() {
                    $( Some($word) => Ok(Self::$variant), )+
                    _ => Err($crate::expected::<Self>()),
                }
            }

            fn shown(&self) -> $crate::Value {
                $crate::Value::from(self.as_str())
            }
        }
    };
}
