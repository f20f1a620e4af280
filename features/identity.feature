@identity
Feature: Identity handshake
  As the owner of a clinic
  I want my sign-up to found my clinic, and every token I am given to open my clinic and no other,
  so that I can begin at once and nobody else ever stands in my rooms.

  Rule: A sign-up founds a clinic

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: It is named "<business>"
      When "Ada" signs up for the business "<business>"
      Then "Ada" founded one clinic, named "<business>"
      And "Ada" belongs to "<business>" as owner
      And the registration of "Ada" was one step
      And "Ada" sees the clinic's entry of "<business>" and of no other
      And nothing changed at "Hilltop Physio"

      Examples:
        | business                                    |
        | Marina Skin                                 |
        | Ø'Łukasz & Söhne 🦷 {{now}} %_\n            |
        | Robert'); DROP TABLE organizations; --      |

    Scenario Outline: It is named after the address, for <naming>
      When "Ada" signs up for <naming>
      Then "Ada" founded one clinic, named after the address
      And "Ada" belongs to the clinic named after the address as owner
      And nothing changed at "Hilltop Physio"

      Examples:
        | naming           |
        | no business      |
        | a blank business |

  Rule: Nobody is registered by halves

    Scenario Outline: An invitation naming <mistake>
      Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
      And "Rae" joins "Harbour Dental" as staff
      When "Eve" is invited by "Harbour Dental", naming <mistake>
      Then the registration of "Eve" fails as a failure of the database (500)
      And nobody was registered as "Eve"
      And nothing changed at "Harbour Dental"
      And the address of "Eve" is still free

      Examples:
        | mistake                      |
        | a clinic that does not exist |
        | garbage for a clinic         |
        | a role that does not exist   |

  Rule: Every token names the clinic

    Background:
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: A token from <occasion>
      Given "Ada" signs up for the business "Marina Skin"
      And "Ada" founded one clinic, named "Marina Skin"
      When "Ada" gets a token from <occasion>
      Then the token of "Ada" names "Marina Skin"
      And "Ada" sees the clinic's entry of "Marina Skin" and of no other
      And the token of "Ada" is genuine and has the issuer's shape

      Examples:
        | occasion         |
        | signing up       |
        | signing in again |
        | renewing it      |
        | renewing twice   |

  Rule: A token opens one clinic and no other

    Background:
      Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
      And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: Looking for <records>
      Given "Rae" joins "Harbour Dental" as staff
      Then the owner of "Harbour Dental" sees <records> of "Harbour Dental" and of no other
      And the owner of "Hilltop Physio" sees <records> of "Hilltop Physio" and of no other
      And "Rae" sees <records> of "Harbour Dental" and of no other
      But somebody who belongs to no clinic sees nothing among <records>
      And a visitor without a token is refused among <records> for want of permission (401)

      Examples:
        | records            |
        | the clinic's entry |
        | the people         |
        | the settings       |

  Rule: No authorisation, no entry

    Scenario Outline: Coming to <entry> with <brought>
      Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
      And the owner of "Harbour Dental" is let in to <entry>
      When a stranger comes to <entry> of "Harbour Dental" with <brought>
      Then the stranger is turned away by name
      And nothing changed at "Harbour Dental"

      Examples:
        | entry        | brought              |
        | the records  | no key and no token  |
        | the records  | a wrong key          |
        | the records  | the public key alone |
        | the account  | no key and no token  |
        | the account  | a wrong key          |
        | the account  | the public key alone |
        | the settings | no key and no token  |
        | the settings | the public key alone |

  Rule: Who is invited joins, and founds nothing

    Background:
      Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
      And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: Joining as <role>
      When "Rae" joins "Harbour Dental" as <role>
      Then "Rae" belongs to "Harbour Dental" as <role>
      And "Rae" founded no clinic
      And nothing but the profile of "Rae" was added
      And the token of "Rae" names "Harbour Dental"
      And "Rae" sees the people of "Harbour Dental" and of no other
      And nothing changed at "Hilltop Physio"
      And the token of "Rae" is genuine and has the issuer's shape

      Examples:
        | role     |
        | staff    |
        | provider |
        | admin    |

    Scenario Outline: An address that is registered already, again by <way>
      Given "Rae" joins "Harbour Dental" as staff
      When the address of "Rae" is registered again by <way>
      Then the second registration is refused as already registered (422)
      And the second password opens nothing
      And "Rae" still belongs to "Harbour Dental" as staff, with the next token and the next sign-in
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

      Examples:
        | way                               |
        | a sign-up                         |
        | a sign-up in capitals             |
        | an invitation to "Hilltop Physio" |

  Rule: Nobody chooses a clinic or a role

    Background:
      Given the clinic "Harbour Dental" in Europe/London with provider "Dr Smith"
      And the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"

    Scenario Outline: Signing up and claiming <claim>
      When "Eve" signs up for the business "Evening Clinic", claiming <claim> at "Hilltop Physio"
      Then "Eve" founded one clinic, named "Evening Clinic"
      And "Eve" belongs to "Evening Clinic" as owner
      And the token of "Eve" names "Evening Clinic"
      And the token of "Eve" says no more than that of the owner of "Harbour Dental"
      And "Eve" sees the people of "Evening Clinic" and of no other
      And nothing changed at "Hilltop Physio"

      Examples:
        | claim                   |
        | membership              |
        | a granted membership    |
        | the role of a provider  |
        | the role of the service |

    Scenario Outline: Writing <claim> into one's own details
      Given "Rae" joins "Harbour Dental" as staff
      When "Rae" writes <claim> at "Hilltop Physio" into her own details
      Then "Rae" still belongs to "Harbour Dental" as staff, with the next token and the next sign-in
      And what "Rae" wrote stands in the token's details
      And only the owner can rename "Harbour Dental", "Rae" cannot
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

      Examples:
        | claim                   |
        | membership              |
        | a granted membership    |
        | the role of an owner    |
        | the role of the service |

    Scenario: Granting oneself a membership
      Given "Rae" joins "Harbour Dental" as staff
      When "Rae" tries to grant herself a membership at "Hilltop Physio"
      Then the attempt of "Rae" is refused as not an administrator's (403)
      And "Rae" still belongs to "Harbour Dental" as staff, with the next token and the next sign-in
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

    Scenario Outline: Changing the <field> of one's own profile
      Given "Rae" joins "Harbour Dental" as staff
      And "Rae" changes the name in her own profile
      When "Rae" tries to change the <field> of her own profile towards "Hilltop Physio"
      Then the attempt of "Rae" is refused for want of permission (403)
      And "Rae" still belongs to "Harbour Dental" as staff, with the next token and the next sign-in
      And only the owner can rename "Harbour Dental", "Rae" cannot
      And nothing changed at "Harbour Dental"
      And nothing changed at "Hilltop Physio"

      Examples:
        | field    |
        | clinic   |
        | role     |
        | identity |
        | address  |

  Rule: Many at once are many apart

    Scenario: 20 sign-ups at the same moment
      Given the neighbouring clinic "Hilltop Physio" in America/New_York with provider "Dr Johnson"
      When 20 people sign up at the same moment
      Then all of them came at once and were registered
      And each of them founded one clinic of their own
      And each of them sees their own clinic alone
      And nothing changed at "Hilltop Physio"
