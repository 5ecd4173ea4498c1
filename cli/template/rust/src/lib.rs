//! A to-do list. Everybody has tasks of their own, which nobody else sees, and may take a name,
//! which everybody sees.

use spacetimedb::{
    Identity, ReducerContext, Table, Timestamp, ViewContext, log, reducer, table, view,
};

const TITLE_CHARS_MAX: usize = 200;

#[table(accessor = person, public)]
pub struct Person {
    #[primary_key]
    pub identity: Identity,
    #[unique]
    pub name: String,
    pub online: bool,
}

/// Private: clients see of it what the view below shows.
#[table(accessor = task, index(accessor = by_owner_done, btree(columns = [owner, done])))]
pub struct Task {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    pub owner: Identity,
    pub done: bool,
    pub created: Timestamp,
    pub title: String,
}

#[reducer(init)]
pub fn init(_ctx: &ReducerContext) {
    log::info!("the list is open");
}

#[reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) {
    set_online(ctx, true);
}

#[reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    set_online(ctx, false);
}

/// Takes a name, which nobody else may have.
#[reducer]
pub fn set_name(ctx: &ReducerContext, name: String) -> Result<(), String> {
    if name.is_empty() {
        return Err("a name must not be empty".to_owned());
    }
    let holder = ctx.db.person().name().find(&name);
    if holder.is_some_and(|person| person.identity != ctx.sender()) {
        return Err(format!("{name} is taken"));
    }
    let by_identity = ctx.db.person().identity();
    let is_known = by_identity.find(ctx.sender()).is_some();
    let person = Person { identity: ctx.sender(), name, online: true };
    if is_known {
        by_identity.update(person);
    } else {
        ctx.db.person().insert(person);
    }
    Ok(())
}

#[reducer]
pub fn add(ctx: &ReducerContext, title: String) -> Result<(), String> {
    if title.is_empty() {
        return Err("a task needs a title".to_owned());
    }
    if title.chars().count() > TITLE_CHARS_MAX {
        return Err(format!("a title has at most {TITLE_CHARS_MAX} characters"));
    }
    ctx.db.task().insert(Task {
        id: 0, // Zero asks the host for the next id.
        owner: ctx.sender(),
        done: false,
        created: ctx.timestamp,
        title,
    });
    Ok(())
}

#[reducer]
pub fn finish(ctx: &ReducerContext, id: u64) -> Result<(), String> {
    let task = ctx.db.task().id().find(id).filter(|task| task.owner == ctx.sender());
    let task = task.ok_or_else(|| format!("you have no task {id}"))?;
    ctx.db.task().id().update(Task { done: true, ..task });
    Ok(())
}

/// Removes the tasks that are done.
#[reducer]
pub fn tidy_up(ctx: &ReducerContext) {
    let count = ctx.db.task().by_owner_done().delete((ctx.sender(), true));
    log::info!("{count} tasks removed");
}

/// The caller's tasks.
#[view(accessor = my_tasks, public)]
fn my_tasks(ctx: &ViewContext) -> Vec<Task> {
    ctx.db.task().by_owner_done().filter(ctx.sender()).collect()
}

fn set_online(ctx: &ReducerContext, online: bool) {
    let by_identity = ctx.db.person().identity();
    if let Some(person) = by_identity.find(ctx.sender()) {
        by_identity.update(Person { online, ..person });
    }
}
