@security @attempts
Feature: Who reaches for a neighbour is refused and remembered
  As the owner of a clinic
  I want the system to serve my people for my clinic alone, to take nothing from them but what it asks for,
  and to write down who reached for a neighbour, so that I learn of it and nobody can say it never happened.

  Background:
    Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
    And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
    And "Ada" is booked with "Dr Smith" for the next working day at 10:00
    And "Bea" is booked with "Dr Johnson" for the next working day at 10:00

  Rule: Every attempt is refused and stands in the audit log

    Scenario: All that can be tried on a neighbour
      Given the token of "Harbour Dental" opens every door
      And the owner of "Harbour Dental" can change its settings
      When the owner of "Harbour Dental" tries at "Hilltop Physio" each of
        | attempt                |
        | booking an appointment |
        | asking for free times  |
        | asking a question      |
        | reading the settings   |
        | changing the settings  |
      Then each is refused as forbidden (403)
      And each attempt at "Hilltop Physio" stands once in the audit log, and nothing else new does
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: All that somebody of no clinic can try
      Given the token of "Hilltop Physio" opens every door
      When somebody of no clinic tries at "Hilltop Physio" each of
        | attempt                |
        | booking an appointment |
        | asking for free times  |
        | asking a question      |
        | reading the settings   |
        | changing the settings  |
      Then each is refused as forbidden (403)
      And each attempt at "Hilltop Physio" stands once in the audit log, and nothing else new does
      And nothing changed at "Hilltop Physio"

    Scenario: A receptionist changes the settings of her own clinic
      Given the owner of "Harbour Dental" can change its settings
      When a receptionist of "Harbour Dental" tries at "Harbour Dental" each of
        | attempt               |
        | changing the settings |
      Then each is refused as forbidden (403)
      And each attempt at "Harbour Dental" stands once in the audit log, and nothing else new does
      And nothing changed at "Harbour Dental"

    Scenario: An admin who is one no more
      Given the owner of "Harbour Dental" can change its settings
      When an admin of "Harbour Dental" who has been made a receptionist tries at "Harbour Dental" each of
        | attempt               |
        | changing the settings |
      Then each is refused as forbidden (403)
      And each attempt at "Harbour Dental" stands once in the audit log, and nothing else new does
      And nothing changed at "Harbour Dental"

    Scenario: Who reads the audit log
      Given "Harbour Dental" has tried to read the settings of "Hilltop Physio"
      When the audit log of "Harbour Dental" is read by each of
        | reader                         | finds               |
        | its owner                      | every attempt       |
        | its admin                      | every attempt       |
        | its receptionist               | nothing             |
        | its provider                   | nothing             |
        | the owner of the other clinic  | nothing             |
        | somebody of no clinic          | nothing             |
        | anybody without a token        | no permission (401) |
      Then each finds what the row says

    Scenario: Nobody rewrites the audit log
      Given "Harbour Dental" has tried to read the settings of "Hilltop Physio"
      When the audit log of "Harbour Dental" is rewritten by each of
        | reader                        |
        | its owner                     |
        | its admin                     |
        | its receptionist              |
        | the owner of the other clinic |
        | somebody of no clinic         |
        | anybody without a token       |
        | the service itself            |
      Then each is refused for want of permission
      And the audit log is what it was
      And nothing changed at "Harbour Dental"

    Scenario: Many attempts do not push out the first
      Given "Harbour Dental" has tried to read the settings of "Hilltop Physio"
      When the owner of "Harbour Dental" tries 40 more times
      Then the audit log keeps the first and holds 40 more
      And nothing changed at "Hilltop Physio"

  Rule: The API takes nothing but what it asks for

    Scenario: The neighbour's name in unexpected places
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" asks the API, naming
        | named                                               | answered with    |
        | the neighbour in the address                        | forbidden (403)  |
        | the neighbour in capitals in the address            | forbidden (403)  |
        | the neighbour in the address, itself beside it      | forbidden (403)  |
        | the neighbour in the address, itself in the headers | forbidden (403)  |
        | a change of the neighbour                           | forbidden (403)  |
        | a change of the neighbour, itself beside it         | forbidden (403)  |
        | a change of the neighbour that names itself         | invalid (400)    |
        | a change of itself that names the neighbour         | invalid (400)    |
        | a question for the neighbour, itself beside it      | forbidden (403)  |
        | an enquiry at the neighbour, itself beside it       | forbidden (403)  |
        | itself in the address, the neighbour beside it      | its own settings |
        | itself in the address, the neighbour in the headers | its own settings |
      Then each is answered as its row says
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: Names that are no clinic's
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" asks the API for the settings of
        | named                          |
        | a percent sign                 |
        | an underscore                  |
        | an asterisk                    |
        | the word null                  |
        | the word all                   |
        | a zero byte                    |
        | the neighbour behind a comma   |
        | the neighbour in braces        |
        | the neighbour without hyphens  |
        | the beginning of the neighbour |
        | a command                      |
        | 10 kB of letters               |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Addresses that lead nowhere
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" asks the API for the settings behind
        | named                        |
        | nothing                      |
        | a way round to the neighbour |
        | a slash before the neighbour |
      Then each is refused as not found (404)
      And nothing changed at "Harbour Dental"

    Scenario: Fields that are nobody's to set
      Given the owner of "Harbour Dental" can change its settings
      When the owner of "Harbour Dental" changes its settings and with them
        | field              |
        | the clinic         |
        | the id             |
        | the role           |
        | the status         |
        | the owner          |
        | the member         |
        | the time of change |
        | the prototype      |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: Settings that cannot be
      Given the owner of "Harbour Dental" can change its settings
      When the owner of "Harbour Dental" sets each of
        | setting                              |
        | nothing                              |
        | a time zone that nobody knows        |
        | a time zone without a name           |
        | a calendar without a name            |
        | an opening at 24:30                  |
        | an opening in words                  |
        | closing before opening               |
        | closing as it opens                  |
        | slots of 4 minutes                   |
        | slots of 481 minutes                 |
        | slots of 30.5 minutes                |
        | a threshold below 0                  |
        | a threshold above 1                  |
        | a threshold that is no number        |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Settings at their limits
      Then the owner of "Harbour Dental" can set each of
        | setting                              |
        | the longest opening hours            |
        | the shortest opening hours           |
        | slots of 5 minutes                   |
        | slots of 480 minutes                 |
        | a threshold of 0                     |
        | a threshold of 1                     |
        | another time zone                    |
        | no calendar                          |
      And nothing changed at "Hilltop Physio"

    Scenario: Commands for the database where none belong
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" puts commands for the database into
        | field                          |
        | the clinic of a booking        |
        | the provider of a booking      |
        | the address of a patient       |
        | the time of a booking          |
        | the length of a booking        |
        | the clinic of a question       |
        | the provider of a question     |
        | the day of a question          |
        | the stretch of a question      |
        | the clinic of an enquiry       |
        | the address of the settings    |
        | the time zone                  |
        | the opening time               |
        | the closing time               |
        | the length of a slot           |
        | the threshold of the knowledge |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: Commands for the database as the name of a tool
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" puts commands for the database into
        | field              |
        | the name of a tool |
      Then each is refused as not found (404)
      And nothing changed at "Harbour Dental"

    Scenario: Commands for the database that are only text
      When the owner of "Harbour Dental" names a calendar that is a command for the database
      Then the settings of "Harbour Dental" hold the command as text
      And nothing changed at "Hilltop Physio"

    Scenario: A call whose ids are commands for the database
      When "Cid" asks "Dr Smith" for the next working day at 15:00 in a call whose ids are commands
      Then "Cid" is booked
      And the diary holds exactly what "Cid" said
      And nothing but the appointment of "Cid" was added

    Scenario: A call that bears the ids of the neighbour's
      When "Eve" asks "Dr Smith" for the next working day at 15:00 in a call with the ids of "Bea"
      Then "Eve" is booked
      And the diary holds exactly what "Eve" said
      And nothing but the appointment of "Eve" was added

    Scenario: A megabyte
      Given the owner of "Harbour Dental" can change its settings
      When the owner of "Harbour Dental" sends a megabyte as
        | sent                                 |
        | a booking                            |
        | a booking in pieces of unsaid number |
        | an enquiry                           |
        | a change of the settings             |
        | a change of the settings in pieces   |
      Then each is refused as too large (413)
      And nothing changed at "Harbour Dental"

    Scenario: Requests that are declared as something else
      Given the owner of "Harbour Dental" can change its settings
      When the owner of "Harbour Dental" sends a booking and a change of its settings as
        | kind                  |
        | plain text            |
        | a form                |
        | a file                |
        | a page                |
        | XML                   |
        | almost the right kind |
        | no kind at all        |
      Then each is refused as of the wrong kind (415)
      And nothing changed at "Harbour Dental"

    Scenario: Requests that cannot be read
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" sends a booking that is
        | broken                         |
        | cut off                        |
        | empty                          |
        | a list                         |
        | text                           |
        | twice                          |
        | of a number that is none       |
        | of a hundred thousand brackets |
        | of bytes that are no text      |
        | in another alphabet's encoding |
        | compressed                     |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Ways of asking that nobody offers
      Given the token of "Harbour Dental" opens every door
      When the owner of "Harbour Dental" asks the API by
        | way               |
        | putting settings  |
        | posting settings  |
        | deleting settings |
        | putting a booking |
        | getting a booking |
      Then each is refused as not allowed here (405)
      And nothing changed at "Harbour Dental"
