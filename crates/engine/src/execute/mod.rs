//! One execution: the guest is called, what it answers is read with suspicion, and the outcome is put into
//! words.

pub(crate) mod conclude;
pub(crate) mod output_stream;
pub(crate) mod response;
pub(crate) mod run;
pub(crate) mod timing;
pub(crate) mod work;
