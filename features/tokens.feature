@security @tokens
Feature: No door opens to a token that is not genuine
  As the owner of a clinic
  I want every door of the system to look closely at the token it is shown,
  so that no forged, stale or borrowed one opens my patients' diary.

  Background:
    Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
    And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
    And "Ada" is booked with "Dr Smith" for the next working day at 10:00
    And "Bea" is booked with "Dr Johnson" for the next working day at 10:00

  Rule: A forged token opens no door

    Scenario: Tokens that nobody signed
      Given the token of "Hilltop Physio" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                                           |
        | whose algorithm is none                           |
        | whose algorithm is None                           |
        | whose algorithm is NONE                           |
        | whose algorithm is nOnE                           |
        | whose algorithm is empty                          |
        | whose algorithm is missing                        |
        | whose algorithm is none under a genuine signature |
        | whose signature is cut off                        |
        | of two parts                                      |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: Tokens that somebody else signed
      Given the token of "Hilltop Physio" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                                                 |
        | signed with another key                                 |
        | signed with another key under the issuer's name for its own |
        | signed with another secret                              |
        | signed with the secret of the tutorials                 |
        | signed with no secret                                   |
        | whose signature is all zeros                            |
        | whose signature is cut short                            |
        | that claims to be the service                           |
        | that claims to be the database's owner                  |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: A token signed with the secret that every local installation has
      Given the token of "Hilltop Physio" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                                            |
        | signed with the secret of every local installation |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: Tokens signed with what everybody can read
      Given the token of "Hilltop Physio" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                                                           |
        | signed with the published key as a file                           |
        | signed with the published key as a file without its last line end |
        | signed with the published key as text                             |
        | signed with the nameless published key as a file                  |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: Tokens that were edited
      Given the token of "Hilltop Physio" opens every door
      And the token of "Harbour Dental" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                 |
        | whose clinic was edited |
        | whose holder was edited |
        | whose role was edited   |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: Tokens that bring their own key
      Given the token of "Hilltop Physio" opens every door
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                          |
        | that brings its own key          |
        | that brings its own certificate  |
        | whose key name is a path         |
        | whose key name is a query        |
      Then every door refuses each as not genuine
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: Tokens that say where their key is
      Given the token of "Hilltop Physio" opens every door
      And a stranger publishes keys
      When somebody knocks at every door of "Hilltop Physio" with each of
        | a token                            |
        | that says where its keys are       |
        | that says where its certificate is |
      Then every door refuses each as not genuine
      And nobody came to fetch the stranger's keys
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: More than one token, and more than a token
      Given the token of "Hilltop Physio" opens every door
      And the token of "Harbour Dental" opens every door
      When somebody looks in at every door of "Hilltop Physio" with each of these
        | sent                                 | the API                   | the database                        | the accounts                       |
        | a forged token behind a genuine one  | unauthorised (401)        | unauthorised, or as the first token | not genuine, or as the first token |
        | a forged token before a genuine one  | unauthorised (401)        | unauthorised (401)                  | not genuine (403)                  |
        | two tokens in one line               | unauthorised (401)        | unauthorised (401)                  | not genuine or not a token         |
        | two tokens with a comma between them | unauthorised (401)        | unauthorised (401)                  | not genuine or not a token         |
        | a forged token of 100 kB             | unauthorised or too large | unauthorised or too large           | not genuine or too large           |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"

  Rule: Every claim of a rightly signed token counts

    Scenario: When a token holds
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When somebody looks in at every door of "Hilltop Physio" with a copy of each kind
        | a copy                        | the API            | the database       | the accounts      |
        | that expired an hour ago      | unauthorised (401) | unauthorised (401) | not genuine (403) |
        | that is valid from an hour on | unauthorised (401) | unauthorised (401) | not genuine (403) |
        | that never expires            | unauthorised (401) | its own rows       | its own account   |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"

    Scenario: From whom and for whom a token is
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When somebody looks in at every door of "Hilltop Physio" with a copy of each kind
        | a copy               | the API            | the database                  | the accounts           |
        | for another audience | unauthorised (401) | unauthorised, or its own rows | its own account        |
        | for no audience      | unauthorised (401) | its own rows                  | another audience (400) |
        | from another issuer  | unauthorised (401) | its own rows                  | its own account        |
        | from no issuer       | unauthorised (401) | its own rows                  | its own account        |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"

    Scenario: Of whom a token speaks
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When somebody looks in at every door of "Hilltop Physio" with a copy of each kind
        | a copy                  | the API            | the database             | the accounts       |
        | without a holder        | unauthorised (401) | its own rows             | not genuine (403)  |
        | whose holder is no id   | unauthorised (401) | invalid, or its own rows | no such user (400) |
        | whose holder is a query | unauthorised (401) | invalid, or its own rows | no such user (400) |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"

    Scenario: In which role a token speaks
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When somebody looks in at every door of "Hilltop Physio" with a copy of each kind
        | a copy                              | the API            | the database                   | the accounts    |
        | without a role                      | unauthorised (401) | nothing for anybody (401)      | its own account |
        | in the role of anybody              | unauthorised (401) | nothing for anybody (401)      | its own account |
        | in a role that nobody has           | unauthorised (401) | no such role (400 or 401)      | its own account |
        | in the role of the database's owner | unauthorised (401) | no such role for callers (403) | its own account |
        | in the role of the service          | unauthorised (401) | everything                     | its own account |
        | with the service's role in the user's own data | its own clinic | its own rows            | its own account |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"

    Scenario: For which clinic a token speaks
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When somebody looks in at every door of "Hilltop Physio" with a copy of each kind
        | a copy                                     | the API         | the database               | the accounts    |
        | for the neighbouring clinic                | forbidden (403) | the neighbour's rows alone | its own account |
        | whose clinic is in capitals                | its own clinic  | its own rows               | its own account |
        | whose clinic is a list                     | forbidden (403) | no rows                    | its own account |
        | whose clinic is an object                  | forbidden (403) | no rows                    | its own account |
        | whose clinic is a number                   | forbidden (403) | no rows                    | its own account |
        | whose clinic is nothing                    | forbidden (403) | no rows                    | its own account |
        | whose clinic is missing                    | forbidden (403) | no rows                    | its own account |
        | whose clinic is empty                      | forbidden (403) | no rows                    | its own account |
        | whose clinic is a pattern                  | forbidden (403) | no rows                    | its own account |
        | whose clinic is a query                    | forbidden (403) | no rows                    | its own account |
        | whose clinic is in braces                  | forbidden (403) | no rows                    | its own account |
        | whose clinic goes by a name in capitals    | forbidden (403) | no rows                    | its own account |
        | whose clinic stands in the user's own data | forbidden (403) | no rows                    | its own account |
      Then every door answers each as its row says
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"

    Scenario: A token that the issuer made out to another clinic
      Given the token of "Hilltop Physio" opens every door
      And a copy of the token of "Hilltop Physio" opens every door
      When the owner of "Hilltop Physio" shows the API of "Harbour Dental" a copy that is made out to it
      Then it reads the settings of "Harbour Dental" and may change none
      And nothing changed at "Hilltop Physio"
      And nothing changed at "Harbour Dental"
