/** Other right solutions, by step. All of them are green under the step's own tests. */

import type { Alternative } from "./alternative.ts";

const catalogue: Readonly<Record<string, readonly Alternative[]>> = {
  "01-aggregate": [
    {
      id: "class-based",
      title: "keeps the state in an object that handles commands and notes down what it decides",
      tradeOffs:
        "It reads as many books show an aggregate, and private methods keep rules close to what they guard. The price is a state that changes while a command is handled: a test looks at an object instead of comparing two values, and nothing but care keeps two commands from sharing one.",
    },
    {
      id: "state-by-state",
      title: "asks for the state first and for the command second",
      tradeOffs:
        "What a cancelled reservation does stands in one place, and the compiler asks for an answer in each state. With four commands and four states it is longer; with fifteen commands of which five make sense in a state, it is the shorter one.",
    },
  ],
  "02-replay": [
    {
      id: "sequence-of-moments",
      title: "yields every moment of a history, and answers each question by a walk over them",
      tradeOffs:
        "Four functions become four short loops over one generator, and a fifth question costs three lines; it is as fast as the reference (7.9 against 7.6 ms for 10,000 events). Who forgets that it is lazy looks for an error that has not been thrown yet.",
    },
    {
      id: "one-fold-that-stops",
      title: "has one loop for all questions, which is told when to stop",
      tradeOffs:
        "The check of a history stands in exactly one place, and it is as fast as the reference. The loop has three optional callbacks: with a fourth one, a reader would have to simulate it in the head.",
    },
  ],
  "03-event-store": [
    {
      id: "one-insert-for-the-batch",
      title: "appends in one statement, and needs no connection of its own and no transaction",
      tradeOffs:
        "One round trip in place of five for a batch of two, and nothing to give back or roll back. It is only possible while all of an append fits into one statement, and what is sent is JSON in which a reader of the log finds no row.",
    },
    {
      id: "one-pager-for-both-readers",
      title: "has one function for how pages follow each other, and a query for each reader",
      tradeOffs:
        "How a page begins and ends stands once, and a third reader costs a query. Who debugs one reader steps through a function that is handed a function.",
    },
  ],
  "04-concurrency": [
    {
      id: "arrays-in-place-of-json",
      title: "sends an array for each column in place of one JSON text for the batch",
      tradeOffs:
        "PostgreSQL checks the type of every column before it begins, and there is no record definition to keep in step. Five parameters are a little slower to send than one, and a sixth column has to be added in three places.",
    },
    {
      id: "a-statement-for-each-expectation",
      title: "has four short statements, one for each thing that a writer may believe",
      tradeOffs:
        "Each statement says what it does, and its plan holds nothing that is never run. There are four plans on each connection in place of one, and a latecomer waits for the disk with the stream's row locked, which the reference avoids: a hot stream is slower.",
    },
  ],
  "05-command-handlers": [
    {
      id: "retry-as-a-function",
      title: "has a function that retries whatever it is given, and hands it the attempt",
      tradeOffs:
        "The retry can be tested and used without any command. One more thing to read for a loop of eight lines, and the temptation to retry with it what should not be.",
    },
    {
      id: "asks-afterwards",
      title: "decides first, and looks for an earlier delivery only where that comes to nothing",
      tradeOffs:
        "A load needs no command id, so that it can come from a snapshot (step 13 does it so). A second delivery costs a second read of the stream, and it is decided once more, for nothing.",
    },
  ],
  "06-publishing": [
    {
      id: "a-loop-for-each-stream",
      title: "sorts a batch by stream, and publishes each stream's events in a plain loop",
      tradeOffs:
        "That a failure stops its stream and no other can be read off the loop. It needs a list of failures beside it, where the reference's chains carry them along.",
    },
    {
      id: "waits-by-a-race",
      title: "lets a bell and a time race, and ends the loser by a signal",
      tradeOffs:
        "The language's own tools, and no callback that calls three others. Every wait makes a controller and three promises: a relay that is woken a thousand times a second notices.",
    },
  ],
  "07-consuming": [
    {
      id: "a-pump-in-place-of-a-chain",
      title: "keeps what was fetched in a list, which one loop empties",
      tradeOffs:
        "The list can be counted and shown, for instance in a metric. There is a moment to get wrong, between the last message of the list and the end of the loop, which a chain of promises has not got.",
    },
    {
      id: "decides-then-acts",
      title: "lets a pure function decide what becomes of a message, and does it afterwards",
      tradeOffs:
        "The decision can be tested without a broker, by a table. The reader has to look in two places for what one message meets.",
    },
  ],
  "08-projections": [
    {
      id: "a-row-is-folded-too",
      title: "makes the next row from the row before and the event, and saves it as a whole",
      tradeOffs:
        "A projection is a fold like an aggregate, and is tested without a database; rooms follow from the difference of two rows. It reads a row before each write and writes all of its columns: on a wide table that is more to read and to write.",
    },
    {
      id: "moves-the-checkpoint-first",
      title:
        "moves the checkpoint by a compare-and-set, and applies the event only if that did move it",
      tradeOffs:
        "One statement in place of an insert, a lock and an update, and the same idea as in step 04. How far the stream is must be asked for in a second statement, where the reference knows it from its lock.",
    },
  ],
  "09-rebuild": [
    {
      id: "a-try-is-a-function",
      title: "has a function for one try, and another one that repeats it",
      tradeOffs:
        "The repeating can be read, and tested, by itself, and no loop stands inside a loop. The steps of a rebuild stand in two functions, and one has to look which of them ends it.",
    },
    {
      id: "the-checkpoint-first",
      title: "moves the build's checkpoint before it writes the rows, in the same transaction",
      tradeOffs:
        "Whoever comes in between waits at the one row of the build, before anything was written. It looks like the mistake of step 06, where the order decides, and one has to see that a transaction has no order.",
    },
  ],
  "10-snapshots": [
    {
      id: "folds-with-an-iterator",
      title: "asks for the first row by hand, checks it, and folds the others",
      tradeOffs:
        "What is special about the first row stands before the loop and not inside it. Who takes an iterator into the hand has to close it, too: the loop of the language does that by itself.",
    },
    {
      id: "reasons-in-a-list",
      title: "keeps a list of reasons to take a snapshot, of which one is enough",
      tradeOffs:
        "A third reason is a function and a word in a list. For two reasons, an `or` says the same in one line.",
    },
  ],
  "11-versioning": [
    {
      id: "a-list-of-what-is-left",
      title: "works through a list of events that may be old still, in place of calling itself",
      tradeOffs:
        "However long a chain is, the stack stays as it is. The order of the list has to be thought about, where the recursion keeps it by itself.",
    },
    {
      id: "rows-first-events-then",
      title: "checks the row by itself and folds its events by step 01, without step 02",
      tradeOffs:
        "It says plainly what belongs to a row and what to an event. What makes a history valid stands in two places then, here and in step 02.",
    },
  ],
  "12-saga": [
    {
      id: "counts-nights-first",
      title: "counts what is taken in every night, and then looks at the nights of the stay",
      tradeOffs:
        "One walk over the bookings, where the reference makes one for each night of the stay. For a stay of two nights it counts many nights that nobody asked about.",
    },
    {
      id: "a-table-of-steps",
      title: "has a table of the way forward: what each state waits for, and what it asks for then",
      tradeOffs:
        "The way can be read, drawn and counted, and a new step is a line. What the compiler knows about an input is lost in the table, so that a step which needs the answer's data does not fit in.",
    },
  ],
  "13-cqrs-demo": [
    {
      id: "outcomes-in-place-of-exceptions",
      title: "turns what a decision came to into a value, and asks about an earlier delivery once",
      tradeOffs:
        "The rule that everything but a fresh append may be a second delivery stands in one line, where the reference asks in two places. One more type, and the error travels through it for a few lines before it is thrown after all.",
    },
    {
      id: "pages-then-events",
      title: "has a generator of pages below the one of events, and a list of who knows an error",
      tradeOffs:
        "Reading on and handing out are two loops that can be read, and reused, by themselves; another kind of answer is one more entry. A generator inside a generator is closed from the outside in, and a list of functions has an order that matters and does not show.",
    },
  ],
};

export function alternativesOf(stepId: string): readonly Alternative[] {
  return catalogue[stepId] ?? [];
}
