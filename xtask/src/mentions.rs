//! What a Rust file names: paths, and the text of its strings. Tests inside the file are left out.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Every path and every string of the file with its line, tests and attributes left out.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// Segments joined by `::`; each leaf of a `use` tree is one path.
    pub paths: Vec<(usize, String)>,
    pub strings: Vec<(usize, String)>,
    /// Where `use` gave a name another path: `("Instant", "std::time::Instant")`.
    pub imports: Vec<(String, String)>,
    /// Modules that are declared, with their names.
    pub modules: Vec<(usize, String)>,
    /// First and last line of each inline module of tests.
    pub tests: Vec<(usize, usize)>,
    /// The first line that waits for something.
    pub waits: Option<usize>,
}

impl Mentions {
    pub(crate) fn of(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let mut mentions = Self::default();
        mentions.visit_file(&file);
        Ok(mentions)
    }

    /// The path with its first segment replaced by what the file imported under that name.
    pub(crate) fn resolved(&self, path: &str) -> String {
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        match self.imports.iter().find(|(name, _)| name == first) {
            Some((_, full)) if rest.is_empty() => full.clone(),
            Some((_, full)) => format!("{full}::{rest}"),
            None => path.to_owned(),
        }
    }

    fn use_tree(&mut self, before: &str, tree: &syn::UseTree) {
        let joined = |name: &syn::Ident| match before {
            "" => name.to_string(),
            _ => format!("{before}::{name}"),
        };
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&joined(&path.ident), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => {
                let last = before.rsplit("::").next().unwrap_or(before);
                self.import(name.ident.span().start().line, last.to_owned(), before.to_owned());
            }
            syn::UseTree::Name(name) => {
                self.import(name.ident.span().start().line, name.ident.to_string(), joined(&name.ident));
            }
            syn::UseTree::Rename(rename) => {
                let line = rename.ident.span().start().line;
                self.import(line, rename.rename.to_string(), joined(&rename.ident));
            }
            syn::UseTree::Glob(glob) => {
                self.paths.push((glob.star_token.spans[0].start().line, format!("{before}::*")));
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(before, tree)),
        }
    }

    fn import(&mut self, line: usize, name: String, full: String) {
        self.paths.push((line, full.clone()));
        self.imports.push((name, full));
    }

    /// Inside a macro there are only tokens: names joined by `::` are taken for paths.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Option<(usize, String)> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if colons == 2 && path.is_some() => {
                    if let Some((_, path)) = &mut path {
                        path.push_str("::");
                        path.push_str(&name.to_string());
                    }
                    colons = 0;
                }
                TokenTree::Ident(name) => {
                    self.paths.extend(path.take());
                    path = Some((name.span().start().line, name.to_string()));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && colons < 2 => colons += 1,
                other => {
                    self.paths.extend(path.take());
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => {
                            let line = literal.span().start().line;
                            if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                                self.strings.push((line, text.value()));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        self.paths.extend(path);
    }
}

/// Whether the item is built only for tests.
fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let cfg_test = path.is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test");
        cfg_test || path.segments.last().is_some_and(|last| last.ident == "test")
    })
}

impl<'ast> Visit<'ast> for Mentions {
    /// Attributes hold descriptions, which may read like anything.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let line = item.ident.span().start().line;
        if for_tests(&item.attrs) {
            if let Some((brace, _)) = &item.content {
                self.tests.push((item.mod_token.span.start().line, brace.span.close().end().line));
            }
            return;
        }
        self.modules.push((line, item.ident.to_string()));
        visit::visit_item_mod(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(waits) = &signature.asyncness {
            self.waits.get_or_insert(waits.span.start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.waits.get_or_insert(block.async_token.span.start().line);
        visit::visit_expr_async(self, block);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !for_tests(&item.attrs) {
            self.use_tree("", &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.paths.push((first.ident.span().start().line, names.join("::")));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        visit::visit_path(self, &item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.strings.push((text.span().start().line, text.value()));
    }
}
