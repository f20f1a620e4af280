@booking @every-dialect
Feature: Live booking chain
  As the owner of a clinic
  I want a caller's "yes, ten o'clock please" to become one appointment in my diary and one event in my calendar,
  at once, exactly once, and never at another clinic,
  so that nobody waits before a locked door and no two patients share a chair.

  Background:
    Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"

  Rule: A free slot is booked and reaches the calendar

    Scenario: One caller, one slot, one event
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      When "Ada" asks "Dr Smith" for the next working day at 10:00
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said
      And nothing but the appointment of "Ada" was added
      And the calendar shows the appointment of "Ada" exactly once
      And nothing changed at "Hilltop Physio"

    Scenario: Callers are not kept waiting
      When 20 callers one after the other ask "Dr Smith" for free slots
      Then every caller is booked
      And 95 of 100 answers came within 500 ms
      And every answer says how long it took

  Rule: A taken slot is refused

    Scenario Outline: A slot that <overlap> a taken one
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      And "Ada" is booked with "Dr Smith" for the next working day from 10:00 to 11:00
      When "Bea" asks "Dr Smith" for the next working day from <start> to <end>
      Then "Bea" is refused as a conflict (409)
      And the appointment of "Ada" is unchanged
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

      Examples:
        | overlap           | start | end   |
        | runs into         | 09:30 | 10:30 |
        | lies inside       | 10:15 | 10:45 |
        | is the same as    | 10:00 | 11:00 |
        | starts within     | 10:30 | 11:30 |
        | lies around       | 09:30 | 11:30 |
        | shares start with | 10:00 | 10:30 |
        | shares end with   | 10:30 | 11:00 |

    Scenario Outline: An appointment marked as <mark> holds its slot
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And the appointment of "Ada" is marked as <mark>
      When "Bea" asks "Dr Smith" for the next working day at 10:00
      Then "Bea" is refused as a conflict (409)
      And nothing changed at "Harbour Dental"

      Examples:
        | mark      |
        | pending   |
        | completed |

  Rule: Neighbours in time are welcome

    Scenario Outline: A slot that <place> a taken one
      Given "Ada" is booked with "Dr Smith" for the next working day from 10:00 to 11:00
      When "Bea" asks "Dr Smith" for the next working day from <start> to <end>
      Then "Bea" is booked
      And the diary holds exactly what "Bea" said
      And the appointment of "Ada" is unchanged

      Examples:
        | place            | start | end   |
        | ends as it meets | 09:00 | 10:00 |
        | starts as it was | 11:00 | 12:00 |

    Scenario: The same time with another provider
      Given "Harbour Dental" also has provider "Dr Jones"
      And "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Jones" for the next working day at 10:00
      Then "Bea" is booked
      And the diary holds exactly what "Bea" said

    Scenario: The same time at the neighbouring clinic
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      And "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Johnson" for the next working day at 10:00
      Then "Bea" is booked
      And nothing changed at "Harbour Dental"

    Scenario: A cancelled slot can be had again
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And the calendar shows the appointment of "Ada" exactly once
      When the clinic cancels the appointment of "Ada"
      And "Bea" asks "Dr Smith" for the next working day at 10:00
      Then "Bea" is booked
      And the calendar no longer shows the appointment of "Ada"
      And the calendar shows the appointment of "Bea" exactly once

  Rule: A moved appointment keeps every promise

    Scenario: The calendar follows
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And the calendar shows the appointment of "Ada" exactly once
      When the clinic moves the appointment of "Ada" to the next working day at 14:00
      Then the calendar shows the appointment of "Ada" exactly once

    Scenario: Moved after its event was deleted by hand
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And the calendar shows the appointment of "Ada" exactly once
      And somebody deletes the event of "Ada" from the calendar
      When the clinic moves the appointment of "Ada" to the next working day at 14:00
      Then the calendar shows the appointment of "Ada" exactly once

    Scenario: Cancelled after its event was deleted by hand
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And the calendar shows the appointment of "Ada" exactly once
      And somebody deletes the event of "Ada" from the calendar
      When the clinic cancels the appointment of "Ada"
      Then the calendar no longer shows the appointment of "Ada"
      And the calendar of "Harbour Dental" has nothing left to catch up on

    Scenario: Not onto a taken slot
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      And "Bea" is booked with "Dr Smith" for the next working day at 14:00
      When the clinic tries to move the appointment of "Ada" to the next working day at 14:00
      Then the move is refused as overlapping
      And the diary of "Harbour Dental" holds no overlap
      And nothing changed at "Harbour Dental"

  Rule: Never for another clinic

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario: A call for one clinic names the neighbour
      Given "Ada" is booked with "Dr Johnson" for the next working day at 10:00
      When "Eve" rings "Harbour Dental" but asks for "Dr Johnson" of "Hilltop Physio" for the next working day at 14:00
      Then "Eve" is refused as forbidden (403)
      And the audit log of "Harbour Dental" records the attempt on "Hilltop Physio"
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: The neighbour's provider is as unknown as nobody
      Given "Ada" is booked with "Dr Johnson" for the next working day at 10:00
      When "Eve" rings "Harbour Dental" and asks it for "Dr Johnson" for the next working day at 10:00
      Then "Eve" is refused as not found (404)
      And "Eve" hears exactly what she would hear about somebody who does not exist
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: Somebody who belongs to no clinic
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Eve" asks "Dr Smith" for the next working day at 14:00 on behalf of no clinic
      Then "Eve" is refused as forbidden (403)
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

  Rule: One slot, many callers, one booking

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: <callers> callers at the same moment, <rounds> times
      When <callers> callers ask "Dr Smith" for the same slot at the same moment, in <rounds> rounds
      Then in every round exactly 1 caller is booked
      And every other caller is refused as a conflict (409)
      And the diary of "Harbour Dental" holds no overlap
      And nothing changed at "Hilltop Physio"

      Examples:
        | callers | rounds |
        | 2       | 10     |
        | 10      | 3      |
        | 50      | 1      |

    Scenario: Ten callers whose slots overlap but start apart
      When 10 callers ask "Dr Smith" for overlapping slots 5 minutes apart at the same moment, in 3 rounds
      Then in every round exactly 1 caller is booked
      And every other caller is refused as a conflict (409)
      And the diary of "Harbour Dental" holds no overlap
      And nothing changed at "Hilltop Physio"

  Rule: Only a provider can be booked

    Scenario Outline: Asking for <whom>
      Given "Harbour Dental" employs the receptionist "Rae"
      And "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks <whom> for the next working day at 14:00
      Then "Bea" is refused as <refusal>
      And nothing changed at "Harbour Dental"

      Examples:
        | whom                  | refusal         |
        | somebody unknown      | not found (404) |
        | the receptionist      | not found (404) |
        | a name made of digits | invalid (400)   |
        | nobody at all         | invalid (400)   |

    Scenario Outline: Asking when <whom> is free
      Given "Harbour Dental" employs the receptionist "Rae"
      And "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks when <whom> is free
      Then "Bea" is refused as <refusal>
      And nothing changed at "Harbour Dental"

      Examples:
        | whom                  | refusal         |
        | somebody unknown      | not found (404) |
        | the receptionist      | not found (404) |
        | a name made of digits | invalid (400)   |
        | nobody at all         | invalid (400)   |

  Rule: No authorisation, no booking

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario: Calls that carry no right to call
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Eve" asks "Dr Smith" for the next working day at 14:00 with each of
        | authorisation              |
        | no authorisation           |
        | an empty authorisation     |
        | a name and a password      |
        | a token made of garbage    |
        | the public key of the site |
      Then each is refused as unauthorised (401)
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

  Rule: Everything is stored as said

    Scenario Outline: A patient called <patient>
      When "<patient>" asks "Dr Smith" for the next working day at 10:00
      Then "<patient>" is booked
      And the diary holds exactly what "<patient>" said
      And the calendar shows the appointment of "<patient>" exactly once

      Examples:
        | patient                               |
        | Siobhán O'Connor-Łukasiewicz          |
        | 李小龍 🦷                             |
        | Robert'); DROP TABLE appointments; -- |
        | <b>Ann</b> & Söhne % _ \n {{now}}     |

    Scenario: A patient whose name is 200 characters long
      When a patient with a name of 200 characters asks "Dr Smith" for the next working day at 10:00
      Then "the patient" is booked
      And the diary holds exactly what "the patient" said

    Scenario Outline: The time is said in <zone>
      When "Ada" asks "Dr Smith" for the next working day at 10:00, saying it in <zone> time
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said
      And the calendar shows the appointment of "Ada" exactly once

      Examples:
        | zone              |
        | UTC               |
        | Asia/Kathmandu    |
        | America/St_Johns  |

    Scenario Outline: An appointment of <length> minutes
      When "Ada" asks "Dr Smith" for the next working day from 09:00 to <end>
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said
      And the calendar shows the appointment of "Ada" exactly once

      Examples:
        | length | end   |
        | 5      | 09:05 |
        | 45     | 09:45 |
        | 480    | 17:00 |

    Scenario: Patients who cannot be named or written to
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Smith" for the next working day at 14:00 for each of
        | patient                             |
        | a patient without a name            |
        | a patient whose name is blanks      |
        | a patient whose name is a number    |
        | a patient of 201 characters         |
        | a patient on two lines              |
        | a patient without an address        |
        | a patient whose address is a name   |
        | a patient with half an address      |
        | a patient with two addresses        |
        | a patient at 255 characters         |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Two callers, two patients
      When "Ada" asks "Dr Smith" for the next working day at 10:00
      And "Bea" asks "Dr Smith" for the next working day at 11:00
      Then the diary holds exactly what "Ada" said
      And the diary holds exactly what "Bea" said

    Scenario: The caller chooses nothing but the appointment
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      When "Eve" asks "Dr Smith" for the next working day at 10:00, adding "Hilltop Physio" as owner and "cancelled" as status
      Then "Eve" is booked
      And the diary holds exactly what "Eve" said
      And nothing changed at "Hilltop Physio"

  Rule: A call that is delivered again changes nothing

    Scenario: The same call again
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When the call of "Ada" is delivered again
      Then "Ada" is booked
      And "Ada" is told the same appointment as before
      And the appointment of "Ada" is unchanged
      And nothing changed at "Harbour Dental"

    @flat
    Scenario: The same call again, with its key in quotes
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When the call of "Ada" is delivered again with its key in quotes
      Then "Ada" is booked
      And "Ada" is told the same appointment as before
      And the appointment of "Ada" is unchanged
      And nothing changed at "Harbour Dental"

    Scenario: The same call ten times at the same moment
      When the call of "Ada" for "Dr Smith" for the next working day at 10:00 arrives 10 times at the same moment
      Then every caller is told the same appointment
      And nothing but the appointment of "Ada" was added

    Scenario: Another booking in the same phone call
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Ada" goes on to ask "Dr Smith" for the next working day at 14:00 in the same phone call
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said
      And nothing but the appointment of "Ada" was added

  Rule: Times are taken seriously

    Scenario: Days that cannot be booked
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Smith" for each of these at 14:00
        | day                    |
        | yesterday              |
        | the same day last year |
        | a day in 2019          |
        | a day in forty years   |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Sayings that name no time
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Smith" for the next working day at 14:00, saying it as each of
        | saying                    |
        | a time without an offset  |
        | a date without a time     |
        | a day that does not exist |
        | words                     |
        | nothing                   |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Lengths that are none
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks "Dr Smith" for the next working day at 14:00 and for each of
        | length            |
        | 0 minutes         |
        | -30 minutes       |
        | 4 minutes         |
        | 481 minutes       |
        | 100000 minutes    |
        | 30.5 minutes      |
        | "a while" minutes |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario Outline: Ten o'clock is ten o'clock on the clinic's wall when the clocks go <way>
      When "Ada" asks "Dr Smith" for the day before the clocks go <way> at 10:00
      And "Bea" asks "Dr Smith" for the day the clocks go <way> at 10:00
      And "Cid" asks "Dr Smith" for the day after the clocks go <way> at 10:00
      Then the diary holds exactly what "Ada" said
      And the diary holds exactly what "Bea" said
      And the diary holds exactly what "Cid" said
      And the calendar shows the appointment of "Ada" exactly once
      And the calendar shows the appointment of "Bea" exactly once
      And the calendar shows the appointment of "Cid" exactly once

      Examples:
        | way     |
        | forward |
        | back    |

    Scenario: A clinic far from the server
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      And the clinic "Marina Skin" in Africa/Lagos with provider "Dr Okafor"
      When "Ada" asks "Dr Okafor" for the next working day at 23:30
      And "Bea" asks "Dr Johnson" for the next working day at 23:30
      Then the diary holds exactly what "Ada" said
      And the diary holds exactly what "Bea" said
      And the calendar shows the appointment of "Ada" exactly once
      And the calendar shows the appointment of "Bea" exactly once

  Rule: What is offered can be had

    Scenario Outline: Free slots on <day>
      Given "Ada" is booked with "Dr Smith" for <day> from 10:00 to 10:45
      When "Bea" asks when "Dr Smith" is free on <day> for 30 minutes
      Then no offered slot touches the appointment of "Ada"
      And slots are offered from 09:00 to 17:00 except around the appointment of "Ada"
      And every offered slot can be booked

      Examples:
        | day                           |
        | the next working day          |
        | the day the clocks go forward |
        | the day the clocks go back    |

    Scenario: Free slots within a stretch of time
      Given "Ada" is booked with "Dr Smith" for the next working day from 10:00 to 11:00
      When "Bea" asks when "Dr Smith" is free between 09:30 and 12:00 on the next working day for 30 minutes
      Then no offered slot touches the appointment of "Ada"
      And slots are offered from 09:30 to 12:00 except around the appointment of "Ada"
      And every offered slot can be booked

    Scenario: A stretch in which nothing is free
      When "Bea" asks when "Dr Smith" is free between 12:00 and 12:20 on the next working day for 30 minutes
      Then nothing is offered, and "Bea" hears so

    Scenario: What is left of today
      Given the neighbouring clinic "Hilltop Physio" in a place where it is noon with provider "Dr Johnson"
      When "Bea" asks when "Dr Johnson" is free on this very day for 30 minutes
      Then "Bea" is offered what is left of 09:00 to 17:00, and nothing that is over

    Scenario: Questions that leave open when
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Bea" asks when "Dr Smith" is free, saying it as each of
        | saying                               |
        | neither a day nor a stretch          |
        | a beginning without an end           |
        | an end without a beginning           |
        | a day and a stretch beside it        |
        | a stretch that ends before it begins |
        | a stretch of no length               |
        | a stretch of 32 days                 |
        | a stretch without an offset          |
        | a stretch that is over               |
        | a stretch in forty years             |
        | a day that is over                   |
        | a day in forty years                 |
        | words                                |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

  @tool-calls
  Rule: What the caller hears is so

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: An appointment on <day>
      When "Ada" asks "Dr Johnson" for <day> at 15:30
      Then "Ada" is booked
      And "Ada" hears the day and the time of the appointment

      Examples:
        | day                           |
        | the next working day          |
        | the day the clocks go forward |
        | the day the clocks go back    |

    Scenario: Times that are free on one day
      Given "Ada" is booked with "Dr Johnson" for the next working day from 09:00 to 10:15
      When "Bea" asks when "Dr Johnson" is free on the next working day for 30 minutes
      Then "Bea" hears times that are offered, and no others

    Scenario: Times that are free on several days
      When "Bea" asks when "Dr Johnson" is free for 3 days from the next working day at 16:00, for 30 minutes
      Then slots are offered from 09:00 to 17:00 on each of these days
      And "Bea" hears times that are offered, and no others

    Scenario: A day on which nothing is free
      When "Bea" asks when "Dr Johnson" is free between 12:00 and 12:20 on the next working day for 30 minutes
      Then nothing is offered, and "Bea" hears so
      And "Bea" hears which day that is

  @tool-calls
  Rule: Vapi's own habits

    Scenario: One call that is named in three lists
      When the assistant names the call of "Ada" for "Dr Smith" for the next working day at 10:00 in all three lists
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said
      And nothing but the appointment of "Ada" was added

    Scenario Outline: Arguments given as <shape>
      When the assistant gives the arguments of "Ada" for "Dr Smith" for the next working day at 10:00 as <shape>
      Then "Ada" is booked
      And the diary holds exactly what "Ada" said

      Examples:
        | shape                   |
        | an object               |
        | text                    |
        | plain arguments         |
        | plain parameters        |
        | the older function call |

    Scenario: Two calls in one message
      When the assistant asks in one message for "Ada" at 10:00 and for "Bea" at 11:00 with "Dr Smith" on the next working day
      Then both calls are answered in their order
      And the diary holds exactly what "Ada" said
      And the diary holds exactly what "Bea" said

    Scenario: One broken call among good ones
      When the assistant asks in one message for "Ada" at 10:00 with "Dr Smith" on the next working day and for something cut off
      Then the diary holds exactly what "Ada" said
      And the call that was cut off is refused as invalid (400)
      And nothing but the appointment of "Ada" was added

    Scenario: A tool that nobody has
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When the assistant calls the tool "cancel_everything" for "Eve"
      Then "Eve" is refused as not found (404)
      And nothing changed at "Harbour Dental"

    Scenario: Messages that ask for nothing
      Given "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When the assistant sends a message of each of these types
        | type               |
        | status-update      |
        | end-of-call-report |
        | a-type-of-tomorrow |
      Then every message is accepted
      And nothing changed at "Harbour Dental"

  Rule: Google may be ill

    Scenario Outline: Google <illness>
      Given Google <illness> for "Harbour Dental"
      When "Ada" asks "Dr Smith" for the next working day at 10:00
      Then "Ada" is booked
      And the answer to "Ada" came within 500 ms
      And the diary holds exactly what "Ada" said
      And the calendar has been tried for "Harbour Dental"
      When Google is well again for "Harbour Dental"
      Then the calendar shows the appointment of "Ada" exactly once

      Examples:
        | illness                          |
        | refuses the credentials (401)    |
        | limits the rate (403)            |
        | gets too many requests (429)     |
        | is unavailable (503)             |
        | does not answer                  |
        | makes the event but says it cannot |
        | makes the event but does not answer |

    Scenario: Google is slow
      Given Google is slow for "Harbour Dental"
      When "Ada" asks "Dr Smith" for the next working day at 10:00
      Then "Ada" is booked
      And the answer to "Ada" came within 500 ms
      And no transaction waits for Google while it is slow
      And the calendar shows the appointment of "Ada" exactly once

    Scenario: The clinic names its calendar later
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      And "Harbour Dental" has no calendar yet
      And "Ada" is booked with "Dr Smith" for the next working day at 10:00
      When "Harbour Dental" names its calendar
      Then the calendar shows the appointment of "Ada" exactly once

    Scenario: The backend dies before the calendars know
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      And Google is unavailable (503) for "Harbour Dental"
      And Google makes the event but does not answer for "Hilltop Physio"
      When "Ada" asks "Dr Smith" for the next working day at 10:00
      And "Bea" asks "Dr Johnson" for the next working day at 10:00
      Then "Ada" is booked
      And "Bea" is booked
      And Google has made the event of "Bea"
      And the calendar has been tried for "Harbour Dental"
      When the backend is killed
      And Google is well again for "Harbour Dental"
      And Google is well again for "Hilltop Physio"
      And the backend is started again
      Then the diary holds exactly what "Ada" said
      And the diary holds exactly what "Bea" said
      And the calendar shows the appointment of "Ada" exactly once
      And the calendar shows the appointment of "Bea" exactly once
