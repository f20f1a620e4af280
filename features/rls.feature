@security
Feature: Security aggressor
  As the owner of a clinic
  I want everybody who is not of my clinic to be turned away by the database itself, whichever way they come,
  so that one forgotten check elsewhere never shows a patient to a stranger.

  Everybody else is the owner and a colleague of another clinic, somebody of no clinic and an anonymous visitor. What they
  could reach is read from the database and not from a list, so that what is added tomorrow is tried tomorrow.

  Background:
    Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
    And the neighbouring clinic "Hilltop Physio" in Europe/London with provider "Dr Johnson"

  Rule: The rows of a clinic are its own

    Scenario: Nobody reads a neighbour's row
      When everybody but "Hilltop Physio" tries to read every table
      Then nothing of "Hilltop Physio" was reached

    Scenario: Nobody writes into a neighbour's diary
      When everybody but "Hilltop Physio" tries to write a row into every table
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

    Scenario: Nobody changes a neighbour's row
      When everybody but "Hilltop Physio" tries to change every row
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

    Scenario: Nobody gives a row away to a neighbour
      When everybody but "Hilltop Physio" tries to give rows away
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: Nobody deletes a neighbour's row
      When everybody but "Hilltop Physio" tries to delete every row
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

    Scenario: Nobody empties a table for everybody
      When everybody but "Hilltop Physio" tries to empty every table
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

    Scenario: What was added since is protected like the rest
      When everybody but "Hilltop Physio" tries to do anything to what was added since
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

  Rule: The public interface gives no more than the database

    Scenario Outline: Through the public interface strangers <deed>
      When strangers try to <deed> of "Hilltop Physio" through the public interface
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

      Examples:
        | deed                       |
        | read the rows              |
        | add to the rows            |
        | change the rows            |
        | give rows to the clinic    |
        | delete the rows            |
        | call functions on the rows |

  Rule: What anybody may say of himself opens nothing

    Scenario: Nobody gets in by what he says of himself
      When everybody but "Hilltop Physio" tries to pose as a neighbour in their own details
      Then nothing of "Hilltop Physio" was reached

    Scenario: Nobody gets in by a header
      When everybody but "Hilltop Physio" tries to pose as a neighbour in a header
      Then nothing of "Hilltop Physio" was reached

    Scenario: Nobody gets in by a role that was lent
      When everybody but "Hilltop Physio" tries to use every role that was lent to them
      Then nothing of "Hilltop Physio" was reached

    Scenario: What belongs to no clinic is nobody's to see
      When everybody but "Hilltop Physio" tries to see what belongs to no clinic
      Then nothing of "Hilltop Physio" was reached

  Rule: What stands beside the tables gives no more than they do

    Scenario: A view shows no more than its tables
      When everybody but "Hilltop Physio" tries to look through every view
      Then nothing of "Hilltop Physio" was reached

    Scenario: A function gives nothing away
      When everybody but "Hilltop Physio" tries to call every function
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"

    Scenario: A function is not led astray
      When everybody but "Hilltop Physio" tries to lead every function astray
      Then nothing of "Hilltop Physio" was reached

    Scenario: What a neighbour writes turns up nowhere else
      When everybody but "Hilltop Physio" tries to find copies of its rows
      Then nothing of "Hilltop Physio" was reached

    Scenario: An answer to a duplicate gives nothing away
      When everybody but "Hilltop Physio" tries to learn something from a duplicate
      Then nothing of "Hilltop Physio" was reached

    Scenario: An answer to a reference gives nothing away
      When everybody but "Hilltop Physio" tries to learn something from a reference
      Then nothing of "Hilltop Physio" was reached

  Rule: The audit log remembers

    Scenario: The audit log cannot be rewritten
      When everybody but "Hilltop Physio" tries to rewrite the audit log
      Then nothing of "Hilltop Physio" was reached
      And nothing changed at "Hilltop Physio"
