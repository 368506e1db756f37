//! The routes of the data API by their templates: what metrics call them, and what the matrix of
//! access has to show one by one.

use crate::parse::Resource;

macro_rules! routes {
    ($($name:ident = $template:literal;)*) => {
        /// A route of the data API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Route {
            $($name,)*
        }

        impl Route {
            pub const ALL: &[Route] = &[$(Route::$name,)*];

            /// As a label: never a raw path.
            #[must_use]
            pub fn template(self) -> &'static str {
                match self { $(Route::$name => $template,)* }
            }
        }
    };
}

routes! {
    Root = "/rest/v1/";
    Table = "/rest/v1/{table}";
    Function = "/rest/v1/rpc/{function}";
    Batch = "/rest/v1/batch";
    Document = "/openapi.json";
}

impl Route {
    pub(crate) fn of(resource: &Resource<'_>) -> Self {
        match resource {
            Resource::Root => Self::Root,
            Resource::Table(_) => Self::Table,
            Resource::Function(_) => Self::Function,
        }
    }
}
