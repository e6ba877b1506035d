//! A book in place of DNS, and stories about `names` on a stopped clock.

use std::collections::HashMap;

use super::*;

mod stories;

/// What the book says about a name.
#[derive(Clone, Debug)]
pub enum Page {
    /// These addresses.
    Says(Vec<IpAddr>),
    /// That it cannot say.
    Fails,
    /// Something, after a while.
    After(Duration, Box<Page>),
}

/// Names and what becomes of looking them up. A name that is not there fails.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    pages: HashMap<String, Page>,
    looks: usize,
}

impl Book {
    /// From now on this is said about a name.
    pub(crate) fn write(&self, name: &str, page: Page) {
        let mut book = self.0.lock().unwrap();
        book.pages.insert(name.to_owned(), page);
    }

    /// How often any name was looked up so far.
    pub(crate) fn looks(&self) -> usize {
        self.0.lock().unwrap().looks
    }

    pub(super) async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let page = {
            let mut book = self.0.lock().unwrap();
            book.looks += 1;
            book.pages.get(name).cloned()
        };
        let mut page = page.unwrap_or(Page::Fails);
        while let Page::After(wait, then) = page {
            tokio::time::sleep(wait).await;
            page = *then;
        }
        match page {
            Page::Says(addresses) => Ok(addresses),
            Page::Fails | Page::After(..) => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}
