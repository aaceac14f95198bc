"""What is asked of a plan that is there: what if, why, at what price, and what else would do as well.

Every answer goes on from the plan instead of starting anew, and says where it is exact and where it is not.
"""
