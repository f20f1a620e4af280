@knowledge @every-dialect
Feature: Smart answer loop
  As the owner of a clinic
  I want the assistant to be given what my clinic has written down, nothing of anybody else's, and at once,
  so that a caller hears my cancellation policy, never my neighbour's, and never one that nobody wrote.

  Background:
    Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
    And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

  Rule: A clinic answers from its own knowledge and from no other

    Background:
      Given "Harbour Dental" has written down
        | text                                                                                            |
        | Where can I park? Parking is free behind the building, beside the old harbour crane.            |
        | Our cancellation policy is 24 hours. Cancel up to 24 hours before your visit and pay nothing.   |
        | Payment: we take cards and cash, and send no invoices.                                          |
      And "Hilltop Physio" has written down
        | text                                                                                            |
        | Our cancellation policy is 48 hours. Cancel up to 48 hours before your session and pay nothing. |
        | Where can I park? There is no parking at the hilltop; the cable car stops at our door.          |

    Scenario: The clinic's own policy comes first
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      And "Bea" asks "Hilltop Physio" "What is your cancellation policy?"
      Then "Ada" is given
        | text                                                                                            |
        | Our cancellation policy is 24 hours. Cancel up to 24 hours before your visit and pay nothing.   |
      And "Bea" is given
        | text                                                                                            |
        | Our cancellation policy is 48 hours. Cancel up to 48 hours before your session and pay nothing. |
      And "Ada" hears it whole and nothing of "Hilltop Physio"
      And "Bea" hears it whole and nothing of "Harbour Dental"
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: A question that names the neighbour's clinic
      Given "Hilltop Physio" can be asked "What is your cancellation policy?"
      When "Eve" rings "Harbour Dental" but asks "Hilltop Physio" "What is your cancellation policy?"
      Then "Eve" is refused as forbidden (403)
      And "Eve" hears nothing of "Hilltop Physio"
      And the audit log of "Harbour Dental" records the attempt on "Hilltop Physio"
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario: What one caller says is not told to the next
      Given "Harbour Dental" can be asked "What is your cancellation policy?"
      And "Ben" asks "Harbour Dental" "What is your cancellation policy?"
      When "Ada" asks "Harbour Dental" "Cancellation policy, please: I am Ada Quill, 020 7946 0018, and my knee hurts."
      And "Cid" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Cid" hears exactly what "Ben" heard
      And nothing changed at "Harbour Dental"

    @tool-calls
    Scenario: The same question in every way there is
      When "Harbour Dental" is asked "What is your cancellation policy?" in each of these ways
        | way                        |
        | the assistant's tool       |
        | the knowledge base of Vapi |
        | the public interface       |
        | the database               |
      Then each way finds first "Our cancellation policy is 24 hours. Cancel up to 24 hours before your visit and pay nothing."
      And no way finds anything of "Hilltop Physio"
      And a visitor may not search for "What is your cancellation policy?"

    @tool-calls
    Scenario Outline: Vapi's request to the knowledge base, in <form>
      When Vapi asks "Harbour Dental" "What is your cancellation policy?" in <form>
      Then Vapi is given
        | text                                                                                          |
        | Our cancellation policy is 24 hours. Cancel up to 24 hours before your visit and pay nothing. |
      And Vapi is given nothing of "Hilltop Physio"

      Examples:
        | form                          |
        | OpenAI's form                 |
        | Vapi's own form               |
        | the form of the documentation |

    @tool-calls
    Scenario: Vapi's request on behalf of no clinic
      When Vapi asks for somebody of no clinic "What is your cancellation policy?"
      Then Vapi is refused as forbidden (403)
      And the audit log records the attempt of somebody of no clinic
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

  Rule: Both clinics have written down the same words

    Scenario: The same question, the same words, two clinics
      Given "Harbour Dental" has written down
        | text                                                              |
        | Our cancellation policy: cancel a day ahead, and you pay nothing. |
      And "Hilltop Physio" has written down
        | text                                                              |
        | Our cancellation policy: cancel a day ahead, and you pay nothing. |
        | Our cancellation policy: the hilltop keeps your deposit.          |
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given
        | text                                                              |
        | Our cancellation policy: cancel a day ahead, and you pay nothing. |
      And "Ada" hears it whole and nothing of "Hilltop Physio"

  Rule: Only what is close enough is given, the best first

    Background:
      Given "Harbour Dental" has documents this close to "What is your cancellation policy?"
        | closeness |
        | 0.20      |
        | 0.71      |
        | 0.95      |
        | 0.69      |
        | 0.80      |
      And "Hilltop Physio" has documents this close to "What is your cancellation policy?"
        | closeness |
        | 0.99      |
        | 0.75      |
        | 0.69      |
        | 0.30      |

    Scenario: What lies above 0.7
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.95      |
        | 0.80      |
        | 0.71      |
      And "Ada" hears it whole and nothing of "Hilltop Physio"

    Scenario: What does not lie above 0.7
      When "Bea" asks "Hilltop Physio" "What is your cancellation policy?"
      Then "Bea" is given the documents at
        | closeness |
        | 0.99      |
        | 0.75      |
      And "Bea" hears it whole and nothing of "Harbour Dental"

    Scenario: A clinic that asks for more
      Given the owner of "Harbour Dental" sets its threshold to 0.75
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.95      |
        | 0.80      |

    Scenario: A clinic that asks for less is given three at most
      Given the owner of "Harbour Dental" sets its threshold to 0.1
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.95      |
        | 0.80      |
        | 0.71      |

    Scenario: Nothing is close enough
      Given the owner of "Harbour Dental" sets its threshold to 0.96
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      And "Bea" asks "Harbour Dental" "Do you sell garden furniture?"
      Then "Ada" is told that nobody knows, as "Bea" is
      And "Ada" hears nothing of "Harbour Dental"
      And "Ada" hears nothing of "Hilltop Physio"

    @tool-calls
    Scenario: Exactly at the threshold is not above it
      Given "Harbour Dental" can be asked "What is your cancellation policy?"
      When the knowledge of "Harbour Dental" is searched with a threshold just below the document at 0.80
      Then the search finds the documents at
        | closeness |
        | 0.95      |
        | 0.80      |
      When the knowledge of "Harbour Dental" is searched with a threshold exactly at the document at 0.80
      Then the search finds the documents at
        | closeness |
        | 0.95      |

  Rule: What is written down is text and nothing else

    Scenario Outline: A document of the clinic's own that <nature>
      Given "Harbour Dental" has a document that <nature>, 0.9 close to "What is your cancellation policy?"
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.90      |
      And "Ada" hears it whole

      Examples:
        | nature              |
        | has many lines      |
        | is full of markup   |
        | is 50 kB long       |
        | imitates the answer |

    Scenario: A neighbour's documents that would like to be heard
      Given "Harbour Dental" has documents this close to "What is your cancellation policy?"
        | closeness |
        | 0.80      |
      And "Hilltop Physio" has a document that gives orders, 0.99 close to "What is your cancellation policy?"
      And "Hilltop Physio" has a document that is full of markup, 0.98 close to "What is your cancellation policy?"
      And "Hilltop Physio" has a document that has many lines, 0.97 close to "What is your cancellation policy?"
      And "Hilltop Physio" has a document that is 50 kB long, 0.96 close to "What is your cancellation policy?"
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.80      |
      And "Ada" hears it whole and nothing of "Hilltop Physio"

  Rule: Any question is answered or refused in words

    Background:
      Given "Harbour Dental" has documents this close to "What is your cancellation policy?"
        | closeness |
        | 0.80      |
      And "Harbour Dental" can be asked "What is your cancellation policy?"

    Scenario: Questions that are none
      When "Harbour Dental" is asked each of
        | question          |
        | nothing at all    |
        | an empty question |
        | blanks            |
        | a number          |
        | a list            |
        | a zero byte       |
        | 10 kB of letters  |
      Then each is refused as invalid (400)
      And nothing changed at "Harbour Dental"

    Scenario: Questions that nobody expected
      When "Harbour Dental" is asked each of
        | question                   |
        | pictures alone             |
        | a command for the database |
        | a wildcard                 |
        | a question in German       |
        | a question in Chinese      |
        | a question in Arabic       |
        | a question on two lines    |
        | two thousand letters       |
        | an order to the assistant  |
      Then each is told that nobody knows
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

  @tool-calls
  Rule: Much knowledge changes nothing

    Scenario: Among ten thousand documents each question finds its own answer, within 100 ms
      Given "Harbour Dental" has 10000 documents, among them one for each of 50 questions
      When the 50 questions are asked at "Harbour Dental" one after the other
      Then each question finds its own document first
      And 95 of 100 answers came within 100 ms

    Scenario: Three documents beside twenty thousand of a neighbour's
      Given "Harbour Dental" has documents this close to "What is your cancellation policy?"
        | closeness |
        | 0.90      |
        | 0.85      |
        | 0.80      |
      And "Hilltop Physio" has 20000 documents 0.95 close to "What is your cancellation policy?"
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then "Ada" is given the documents at
        | closeness |
        | 0.90      |
        | 0.85      |
        | 0.80      |

  @tool-calls @live
  Rule: A real model answers from what it is given

    Scenario: The model tells this clinic's policy
      Given a real model is configured
      And "Harbour Dental" has written down
        | text                                                                                           |
        | Our cancellation policy is 24 hours. Cancel up to 24 hours before your visit and pay nothing.  |
      And "Hilltop Physio" has written down
        | text                                                                                           |
        | Our cancellation policy is 48 hours. Cancel up to 48 hours before your visit and pay nothing.  |
      When "Ada" asks "Harbour Dental" "What is your cancellation policy?"
      Then the model tells "Ada" of "24" and not of "48"
