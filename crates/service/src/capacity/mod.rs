//! What there is for executions and messages: slots, memory, and the threads for large requests.
//!
//! * [`slots`]: who may run, who waits, who is refused; the account of memory,
//! * [`memory`]: how much requests, guests and answers take,
//! * [`body_memory`], [`unread`], [`reading`]: messages that are received and sent, and those who read them,
//! * [`aside`]: where large requests are worked on.

pub(crate) mod aside;
pub(crate) mod body_memory;
pub(crate) mod memory;
pub(crate) mod reading;
pub(crate) mod slots;
pub(crate) mod unread;
